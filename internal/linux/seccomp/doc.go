// Package seccomp builds a filter of system calls and installs it on the calling thread (seccomp(2),
// Linux 3.17). A denied call fails with EPERM. The filter knows the numbers of this architecture and of
// its 32-bit sibling. Calls of any other architecture, and of x32, fail with ENOSYS: otherwise a
// program could get around the list. It keeps no state.
package seccomp
