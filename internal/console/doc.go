// Package console keeps the output of a container's console: the last 64 KiB, in a ring buffer in a
// file of the run directory. Only the supervisor writes the file, and berthd reads it. The file
// outlives the container and both processes. The package also has the packets that a client of a console
// and the supervisor exchange.
package console
