// Command tinit is the init of every container that the benchmark starts.
//
// It writes the CLOCK_MONOTONIC time of its first instruction to the pipe /stamp of its root, then
// waits for a signal to stop and exits with 0. All of it is the assembly routine entry, which the
// benchmark makes the ELF entry point (-ldflags=-E=main.entry): the Go runtime that is linked in
// never runs. A runtime would take about a millisecond and five threads per container before
// it could look at the clock, and a C compiler is not on a fresh Debian.
package main

import "os"

// main runs only in a binary that was linked without the entry point above.
func main() {
	os.Stderr.WriteString("tinit: link with -ldflags=-E=main.entry\n")
	os.Exit(2)
}
