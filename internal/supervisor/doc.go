// Package supervisor is the process that stays beside one container: parent of its init, holder of
// its terminals, keeper of its exit status. It owns only what must outlive a restart of berthd.
//
// It must stay small, so it links no bus, XML, JSON or netlink, and after the start it only waits:
// for init's end (a pidfd), for console output, for a new berthd on its socket, for SIGTERM. One
// goroutine (run) owns all state; the others feed it events or drain one console each.
//
// If berthd dies before init was executed, the supervisor ends the container; afterwards it goes on
// alone, and leaves the exit status as a file in the run directory, which is its working directory.
package supervisor
