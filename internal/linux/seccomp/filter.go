package seccomp

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The places in struct seccomp_data (linux/seccomp.h) that a filter reads; of an argument the lower
// half, which is all of an int.
const (
	atNumber = 0
	atArch   = 4
	atArg0   = 16
	atArg2   = 32
)

// The verdicts (seccomp(2), SECCOMP_RET_ERRNO).
const (
	allow       = unix.SECCOMP_RET_ALLOW
	denied      = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	absent      = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	noFamily    = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
	loadWord    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	jumpEqual   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpAtLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	giveBack    = unix.BPF_RET | unix.BPF_K
)

// Filter is the program that denies these calls. A call that this architecture does not have is
// passed over. A socket of the audit netlink family fails with EAFNOSUPPORT, as where the kernel
// has no audit: the host's is not the container's. An error where no filter is possible.
func Filter(deny []string) ([]unix.SockFilter, error) {
	if auditArch == 0 {
		return nil, fmt.Errorf("no filter of system calls for %s", runtime.GOARCH)
	}
	f := []unix.SockFilter{
		load(atArch),
		{Code: jumpEqual, K: auditArch, Jt: 1},
		ret(absent),
		load(atNumber),
	}
	if x32 != 0 {
		f = append(f, unix.SockFilter{Code: jumpAtLeast, K: x32, Jf: 1}, ret(absent))
	}
	for _, name := range deny {
		if n, known := Number(name); known {
			f = append(f, unix.SockFilter{Code: jumpEqual, K: n, Jf: 1}, ret(denied))
		}
	}
	return append(f,
		unix.SockFilter{Code: jumpEqual, K: unix.SYS_SOCKET, Jf: 5},
		load(atArg0), unix.SockFilter{Code: jumpEqual, K: unix.AF_NETLINK, Jf: 3},
		load(atArg2), unix.SockFilter{Code: jumpEqual, K: unix.NETLINK_AUDIT, Jf: 1}, ret(noFamily),
		ret(allow),
	), nil
}

func load(at uint32) unix.SockFilter     { return unix.SockFilter{Code: loadWord, K: at} }
func ret(verdict uint32) unix.SockFilter { return unix.SockFilter{Code: giveBack, K: verdict} }

// Install lays the filter on the calling thread, and on what that executes. It needs CAP_SYS_ADMIN,
// or no_new_privs.
func Install(f []unix.SockFilter) error {
	if len(f) == 0 {
		return errors.New("seccomp: an empty filter")
	}
	prog := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(f)
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
