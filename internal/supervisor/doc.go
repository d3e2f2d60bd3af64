// Package supervisor is the process that stays beside one container. It is the parent of init, holds the
// terminals and keeps the exit status. It owns only the things that must outlive a restart of berthd.
//
// It must stay small, so it links no bus, XML, JSON or netlink. After the start it only waits: for init's
// end (a pidfd), console output, a new berthd on its socket, and SIGTERM. One goroutine (run) owns all
// state. The others send it events, or read one console each.
//
// If berthd dies before init is executed, the supervisor ends the container. Afterwards it goes on alone.
// It writes the exit status into a file in the run directory, which is its working directory.
package supervisor
