//go:build amd64 || arm64

package born

// cloneOnStack creates the child of a Worker, which never returns: it calls serve on the stack of args. It returns the child's pid or a
// negative errno.
//
//go:noescape
func cloneOnStack(args *cloneArgs, size uintptr, h *header) (pid uintptr)
