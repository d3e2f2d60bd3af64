package caps

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Become changes the ids of the calling thread alone: its locked goroutine is about to exec, which
// ends all other threads. Package syscall would first stop each of them, for 0.2 ms. The
// supplementary groups become exactly groups.
func Become(uid, gid int, groups []int) error {
	list := make([]uint32, len(groups)+1) // one more, so that its address exists
	for i, g := range groups {
		list[i] = uint32(g)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&list[0])), 0); errno != 0 {
		return fmt.Errorf("setgroups: %w", errno)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGID, uintptr(gid), 0, 0); errno != 0 {
		return fmt.Errorf("setgid %d: %w", gid, errno)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETUID, uintptr(uid), 0, 0); errno != 0 {
		return fmt.Errorf("setuid %d: %w", uid, errno)
	}
	return nil
}
