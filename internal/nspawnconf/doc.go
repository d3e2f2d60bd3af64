// Package nspawnconf converts the settings of a container of systemd-nspawn, systemd.nspawn(5), to a container
// definition.
//
// It owns the meaning of the settings, and the defaults of systemd-nspawn@.service, which machinectl start uses: init
// is booted, with a veth and a range of ids of its own. Of the drop-ins of that unit it knows what limits a container.
// A setting without a counterpart becomes a warning with its file and line: nothing is skipped in silence. It is pure:
// the caller says what the root is, and the result depends on nothing of the host.
package nspawnconf
