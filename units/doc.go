// Package units is the client of systemd's org.freedesktop.systemd1: transient scopes, from their
// start to the moment in which their name is free again.
//
// It is a leaf: it knows nothing of the life of containers or of machined. One goroutine takes the signals of the
// connection, another one the removals of unit files, until the connection closes. It keeps nothing that a crash could
// lose.
//
// It believes only signals of systemd itself: everybody on the bus may send it signals. It stays right
// while systemd reloads, and so reports every unit as removed. It also stays right while systemd executes
// itself anew, and so loses calls and signals.
package units
