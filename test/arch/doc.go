// Package arch holds the rules of the tree, as tests: who imports whom, what a program may link,
// how files are named and sized, and what must not stand in them. ARCHITECTURE.md says why.
//
// It reads the sources and what `go list` says; it has no code but tests.
package arch
