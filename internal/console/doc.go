// Package console keeps the output of a container's console: a ring of the last 64 KiB in a file of
// the run directory, written by the supervisor alone and read by berthd. It outlives the container
// and both processes.
package console
