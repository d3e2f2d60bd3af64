// Package initproc is the last stage before a container's init: it has a child of the supervisor, which is pid 1 in the
// new namespaces, carry out the plan and execute init.
//
// It makes the plan's parts into lists of system calls, which the child carries out (package born). So nothing of ours
// is ever executed in a container, and no second Go runtime starts. The few things that must be known before the calls
// that follow, as a missing mount point or the ids of a user, are decided here, between two lists.
//
// It is one goroutine of the supervisor, which it talks to by Supervisor. The child has the descriptors that are listed
// below, and those that it opens. All are closed on exec, so nothing of the host reaches the container. If a
// call fails, the child waits to be killed. The kernel then undoes all that it did, because its mounts exist in its
// own mount namespace only.
package initproc
