//go:build amd64 || arm64

package born

// cloneOnStack creates the child of a Worker, which never returns: it enters a function of Go, which is given h, on the
// stack of args. It returns the child's pid or a negative errno.
//
//go:noescape
func cloneOnStack(args *cloneArgs, size, entry uintptr, h *header) (pid uintptr)
