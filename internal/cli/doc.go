// Package cli is berthctl: its commands, their output, and its error messages of one line.
//
// The commands have the arguments, meanings and output of virsh's; berthctl(1) lists the differences.
// The package talks to berthd only through the Daemon interface. It checks a command's arguments
// before it opens a connection.
package cli
