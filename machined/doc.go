// Package machined is the client of systemd-machined's org.freedesktop.machine1: it registers
// containers under their names, and unregisters them again.
//
// It is a leaf, starts no goroutine and keeps no state: machined itself finds a machine's unit by the
// leader, and forgets a machine when its unit is gone.
package machined
