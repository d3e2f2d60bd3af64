package signals

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ignored returns the signals that this process ignores, bit by bit from 1 on.
func Ignored() (set uint64) {
	const last, ignore = 64, 1 // _NSIG, SIG_IGN
	for sig := 1; sig <= last; sig++ {
		var action [4]uint64 // struct sigaction of the kernel, whose handler is the first
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&action)), last/8, 0, 0)
		if errno == 0 && action[0] == ignore {
			set |= 1 << (sig - 1)
		}
	}
	return set
}
