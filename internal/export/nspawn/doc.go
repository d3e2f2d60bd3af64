// Package nspawn makes a settings file of systemd-nspawn(1) of a container, with what such a file cannot say: the rest
// of the command line, and the limits of the service systemd-nspawn@.service(5).
//
// The settings are those of systemd.nspawn(5) of systemd 252. What neither can say is a warning. The package is pure.
package nspawn
