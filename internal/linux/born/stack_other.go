//go:build !amd64 && !arm64

package born

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// cloneOnStack is written for the architectures that Berth is built for.
func cloneOnStack(*cloneArgs, uintptr, uintptr, unsafe.Pointer) uintptr {
	return ^uintptr(unix.ENOSYS) + 1
}
