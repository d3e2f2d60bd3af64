//go:build amd64 || arm64

package born

import "unsafe"

// cloneOnStack creates a child that never returns: it enters a function of Go, which is given memory, on the stack of
// args. It returns the child's pid or a negative errno.
//
//go:noescape
func cloneOnStack(args *cloneArgs, size, entry uintptr, memory unsafe.Pointer) (pid uintptr)
