// Package foreign finds the containers of other managers in a host's files: libvirt's, LXC's and systemd-nspawn's.
//
// It only reads, as the caller, and only below a directory: links lead nowhere else, so that it can be the mounted disk
// of another host. It owns the knowledge of where these managers keep what. It converts nothing.
package foreign
