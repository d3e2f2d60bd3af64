// Package machined is the client of systemd-machined's org.freedesktop.machine1: it registers
// containers under their names, and takes them off again.
//
// It is a leaf, starts no goroutine and keeps nothing: machined itself finds a machine's unit by its
// leader, and forgets a machine whose unit is gone.
package machined
