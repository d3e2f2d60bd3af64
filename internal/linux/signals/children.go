package signals

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ForgoChildren has the kernel send this process no SIGCHLD, as by default: the Go runtime has a handler for it, which
// interrupts whoever waits for anything. Children still have to be reaped: ignoring the signal (signal.Ignore) would
// let the kernel reap them. It is for a process that waits for its children by pidfd.
func ForgoChildren() error {
	var byDefault [4]uintptr // struct sigaction: SIG_DFL
	const setSize = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&byDefault)), 0, setSize, 0, 0)
	if errno != 0 {
		return fmt.Errorf("sigaction SIGCHLD: %w", errno)
	}
	return nil
}
