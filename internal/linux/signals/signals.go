// Package signals resets the signal dispositions and the mask of a process that is about to execute another program
// (sigaction(2)), and tells for which signals a process waits. It keeps no state.
package signals

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// last is _NSIG, the last signal, of every architecture that Berth is built for.
const last = 64

// Reset sets every signal to its default disposition, and blocks none on the calling thread. execve(2) resets caught signals, but keeps ignored
// ones ignored: nohup(1) ignores SIGHUP, and glibc's posix_spawn(3), which make uses, ignores its
// internal signal 32. Reset also removes the Go runtime's handlers, so the caller must exec next.
func Reset() {
	var act [4]uint64 // the kernel's struct sigaction; all zero means SIG_DFL, no flags, no mask
	for sig := uintptr(1); sig <= last; sig++ {
		// The call fails for SIGKILL and SIGSTOP, which always have their default.
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&act[0])), 0, last/8, 0, 0)
	}
	var none uint64
	const set = 2 // SIG_SETMASK
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, set, uintptr(unsafe.Pointer(&none)), 0, last/8, 0, 0)
}
