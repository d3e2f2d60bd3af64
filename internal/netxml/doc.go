// Package netxml is the definition of a host network, in libvirt's network XML, and what is made of it: a
// bridge, files of systemd-networkd and systemd-resolved, and rules of the packet filter.
//
// It is pure. Parse and Build decide everything; package hostnet only does it.
package netxml
