package caps

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Become sets the ids and the supplementary groups of the calling thread only. The goroutine must be
// locked to its thread and exec next, which ends all other threads. Package syscall would change all
// threads, and would stop each of them for that, which takes 0.2 ms.
func Become(uid, gid int, groups []int) error {
	list := make([]uint32, len(groups)+1) // one more, so that &list[0] exists
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
