// Package arch holds the rules of the tree, as tests: who imports whom, what a program may link,
// how files are named and sized, what tests say of themselves, and what must not stand in a file.
// ARCHITECTURE.md says why.
//
// It reads the sources and what `go list` says; it has no code but tests.
package arch
