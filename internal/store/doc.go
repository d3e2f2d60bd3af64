// Package store keeps the files that outlive the daemon: the definitions below /etc (definitions.go)
// and the notes of runs below /run (runs.go).
//
// Every file is replaced whole (write, rename, and fsync of file and directory below /etc), so that each is
// the old or the new one after a crash or a power loss. A file that cannot be read is reported and hides no
// other. It is never removed: it gets a second name before a new definition takes the first. The package
// starts no goroutine.
package store
