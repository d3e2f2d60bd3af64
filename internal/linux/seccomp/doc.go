// Package seccomp builds a filter of system calls and lays it on the calling thread (seccomp(2),
// kernel 3.17). A call that is denied fails with EPERM, in the words of this architecture and in
// those of its 32-bit sibling, each by its own numbers; whatever calls in the words of another
// architecture, or of x32, gets ENOSYS, so that nobody goes around the list. It keeps no state.
package seccomp
