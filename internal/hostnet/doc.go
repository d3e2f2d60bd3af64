// Package hostnet makes and removes what a network of the host consists of: a bridge (by netlink), a table of the
// packet filter (by netlink), and files for systemd-networkd and systemd-resolved, which it tells to read them.
//
// It decides nothing: package netxml does. It keeps nothing in memory. Only Watch starts goroutines. Each method can be
// called again, whatever an earlier daemon has done of it.
package hostnet
