// Package store keeps what must outlive the daemon: the definitions below /etc (definitions.go)
// and the runs below /run (runs.go).
//
// Every file is replaced whole (write, fsync, rename, fsync of the directory below /etc), so that
// after a crash or power loss each is the old or the new one. A file that cannot be read is
// reported and set aside under another name, never removed, and hides no other. The package starts
// no goroutine.
package store
