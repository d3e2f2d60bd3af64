// Package born makes a process that is born inside: between clone(2) and execve(2), a child with one thread carries
// out a list of system calls. The list is a value, prepared beforehand, so the child allocates nothing and needs no Go
// runtime. Unlike a thread of a Go program, it can enter a user namespace, and it starts no second program that would
// have to read a plan first.
//
// The child is a process of its own, not a vfork(2): a file system of a container that does not answer stops only the
// child. It has a copy of its list and the program's code, and no other memory of the calling process: a copy of all
// costs more than the rest of its life. A list can split: the child creates another one, which goes on, and ends
// itself. So the second one is the first that is in a pid namespace which the list has entered (setns(2)), and by then
// the list may have given up all rights.
//
// The child has all signals blocked, until the list unblocks them. It has the descriptors of the Birth only. If a call
// fails, the results of all calls so far come back to the parent, over a descriptor that execve(2) closes.
//
// A Worker is a child that carries out one list after the other. It can share the memory of the calling process, which
// saves all copying. It has a stack of its own, and touches only the memory of its lists.
package born
