package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// abi is one set of system call numbers.
type abi struct {
	arch   uint32 // AUDIT_ARCH_*, which the kernel passes to filters
	calls  []call // the calls that a filter can deny
	socket uint32 // the number of socket(2)
	ioctl  uint32 // the number of ioctl(2)
	limit  uint32 // numbers from here on belong to another ABI; 0 means no limit
}

type call struct {
	name   string
	number uint32
}

// Known reports whether a filter can deny the system call of this name, on this architecture or on its
// 32-bit sibling. It knows LoopControl.
func Known(name string) bool {
	return slices.ContainsFunc(abis(), func(a abi) bool {
		return name == LoopControl || slices.ContainsFunc(a.calls, func(c call) bool { return c.name == name })
	})
}

// common returns the calls that every 64-bit architecture has.
func common() []call {
	return []call{
		{"acct", unix.SYS_ACCT},
		{"add_key", unix.SYS_ADD_KEY},
		{"adjtimex", unix.SYS_ADJTIMEX},
		{"bpf", unix.SYS_BPF},
		{"clock_adjtime", unix.SYS_CLOCK_ADJTIME},
		{"clock_settime", unix.SYS_CLOCK_SETTIME},
		{"delete_module", unix.SYS_DELETE_MODULE},
		{"fanotify_init", unix.SYS_FANOTIFY_INIT},
		{"fanotify_mark", unix.SYS_FANOTIFY_MARK},
		{"finit_module", unix.SYS_FINIT_MODULE},
		{"init_module", unix.SYS_INIT_MODULE},
		{"kexec_file_load", unix.SYS_KEXEC_FILE_LOAD},
		{"kexec_load", unix.SYS_KEXEC_LOAD},
		{"keyctl", unix.SYS_KEYCTL},
		{"lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE},
		{"nfsservctl", unix.SYS_NFSSERVCTL},
		{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT},
		{"perf_event_open", unix.SYS_PERF_EVENT_OPEN},
		{"pidfd_getfd", unix.SYS_PIDFD_GETFD},
		{"process_vm_readv", unix.SYS_PROCESS_VM_READV},
		{"process_vm_writev", unix.SYS_PROCESS_VM_WRITEV},
		{"ptrace", unix.SYS_PTRACE},
		{"quotactl", unix.SYS_QUOTACTL},
		{"quotactl_fd", unix.SYS_QUOTACTL_FD},
		{"reboot", unix.SYS_REBOOT},
		{"request_key", unix.SYS_REQUEST_KEY},
		{"settimeofday", unix.SYS_SETTIMEOFDAY},
		{"swapoff", unix.SYS_SWAPOFF},
		{"swapon", unix.SYS_SWAPON},
		{"syslog", unix.SYS_SYSLOG},
		{"vhangup", unix.SYS_VHANGUP},
	}
}
