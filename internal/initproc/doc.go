// Package initproc is the init stage: the last stage before a container's init. It runs as pid 1 in
// the new namespaces, carries out the plan and executes init.
//
// It decides nothing. It runs on one thread, the first, starts no goroutine, and talks only to its
// supervisor, over descriptor 3. All its descriptors are closed on exec, so nothing of the host
// reaches the container. If it fails, it reports the stage and exits. The kernel then undoes all that
// it did, because its mounts exist in its own mount namespace only.
package initproc
