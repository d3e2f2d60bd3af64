// Package signals sets what signals do to a process that is about to execute another program
// (sigaction(2)). It keeps no state.
package signals

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// last is _NSIG of every architecture that Berth is built for.
const last = 64

// Reset makes every signal do its default. execve(2) does so with those that are caught, but what is
// ignored stays ignored: nohup(1) leaves SIGHUP so, and glibc's posix_spawn(3), by which make starts
// things, its internal signal 32. The Go runtime's handlers go too, so the caller must exec next.
func Reset() {
	var act [4]uint64 // struct sigaction of the kernel, all zero: SIG_DFL, no flags, no mask
	for sig := uintptr(1); sig <= last; sig++ {
		// SIGKILL and SIGSTOP cannot be set, and need not.
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&act[0])), 0, last/8, 0, 0)
	}
}
