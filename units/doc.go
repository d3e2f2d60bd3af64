// Package units is the client of systemd's org.freedesktop.systemd1: transient scopes, from their
// start to the moment in which their name is free again.
//
// It is a leaf: it knows nothing of containers' life or of machined. One goroutine takes the
// signals of the connection, until that closes. It keeps nothing that a crash could lose.
package units
