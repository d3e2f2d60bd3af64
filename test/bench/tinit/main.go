// Command tinit is the init of every container that the benchmark starts, and the command that it executes in them.
//
// It writes the CLOCK_REALTIME time of its first instruction to the pipe /stamp of its root: other clocks begin anew in
// a time namespace. If it got a listening socket, it answers one connection with a byte. Then it waits for a signal and
// exits with 0. With any argument it exits with 0 at once. All of that is the assembly routine entry, which the
// benchmark makes the ELF entry point (-ldflags=-E=main.entry). The Go runtime is linked in but never runs: it would
// take about a millisecond and five threads per container before it could read the clock. C is not an option, because a
// fresh Debian has no C compiler.
package main

import "os"

// main runs only if the program was linked without the entry point.
func main() {
	os.Stderr.WriteString("tinit: link with -ldflags=-E=main.entry\n")
	os.Exit(2)
}
