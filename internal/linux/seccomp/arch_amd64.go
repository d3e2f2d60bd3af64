package seccomp

import "golang.org/x/sys/unix"

// abis returns the ABIs of this architecture and of its 32-bit sibling. Any program can use the latter
// too (int 0x80).
func abis() []abi {
	// Numbers with this bit belong to x32, which has the same AUDIT_ARCH as x86_64.
	const x32 = 0x40000000
	return []abi{
		{unix.AUDIT_ARCH_X86_64, append(common(), own()...), unix.SYS_SOCKET, unix.SYS_IOCTL, x32},
		{unix.AUDIT_ARCH_I386, i386(), 359, 54, 0},
	}
}

// own returns the calls of x86_64 that not every architecture has.
func own() []call {
	return []call{
		{"_sysctl", unix.SYS__SYSCTL},
		{"ioperm", unix.SYS_IOPERM},
		{"iopl", unix.SYS_IOPL},
		{"modify_ldt", unix.SYS_MODIFY_LDT},
		{"sysfs", unix.SYS_SYSFS},
		{"uselib", unix.SYS_USELIB},
		{"ustat", unix.SYS_USTAT},
	}
}

// i386 returns the numbers of linux/arch/x86/entry/syscalls/syscall_32.tbl.
func i386() []call {
	return []call{
		{"_sysctl", 149},
		{"acct", 51},
		{"add_key", 286},
		{"adjtimex", 124},
		{"bpf", 357},
		{"clock_adjtime", 343},
		{"clock_adjtime64", 405},
		{"clock_settime", 264},
		{"clock_settime64", 404},
		{"delete_module", 129},
		{"fanotify_init", 338},
		{"fanotify_mark", 339},
		{"finit_module", 350},
		{"init_module", 128},
		{"ioperm", 101},
		{"iopl", 110},
		{"kexec_load", 283},
		{"keyctl", 288},
		{"lookup_dcookie", 253},
		{"modify_ldt", 123},
		{"nfsservctl", 169},
		{"open_by_handle_at", 342},
		{"perf_event_open", 336},
		{"pidfd_getfd", 438},
		{"process_vm_readv", 347},
		{"process_vm_writev", 348},
		{"ptrace", 26},
		{"quotactl", 131},
		{"quotactl_fd", 443},
		{"reboot", 88},
		{"request_key", 287},
		{"settimeofday", 79},
		{"stime", 25},
		{"swapoff", 115},
		{"swapon", 87},
		{"sysfs", 135},
		{"syslog", 103},
		{"uselib", 86},
		{"ustat", 62},
		{"vhangup", 111},
		{"vm86", 166},
		{"vm86old", 113},
	}
}
