// Package cli is berthctl: its commands, what they print, and the one sentence that an error
// becomes.
//
// Arguments, meanings and output are those of virsh, as far as Berth has the command; berthctl(1)
// lists the differences. The package talks to berthd through the Daemon interface only and opens
// no connection before a command's arguments were found good.
package cli
