// Package units is the client of systemd's org.freedesktop.systemd1: transient scopes, from their
// start to the moment in which their name is free again.
//
// It is a leaf: it knows nothing of containers' life or of machined. One goroutine takes the
// signals of the connection, until that closes. It keeps nothing that a crash could lose.
//
// It believes only systemd itself, since everybody on the bus may send it signals, and it stays
// right while systemd reloads, which says of every unit that it is gone, or executes itself anew,
// which loses calls and signals.
package units
