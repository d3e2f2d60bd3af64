// Package initproc is the last stage before a container's init: it runs as pid 1 inside the new
// namespaces, carries out the plan and executes init.
//
// It decides nothing. It runs on one locked thread, starts no goroutine, and talks only to its
// supervisor, over descriptor 3; every descriptor it has is closed on exec, so nothing of the host
// reaches the container. When it fails, it says at which stage and exits; the kernel then undoes
// all it did, since mounts live in its own namespace only.
package initproc
