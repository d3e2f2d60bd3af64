package seccomp

import "golang.org/x/sys/unix"

// abis returns the ABIs of this architecture and of its 32-bit sibling.
func abis() []abi {
	return []abi{
		{unix.AUDIT_ARCH_AARCH64, common(), unix.SYS_SOCKET, unix.SYS_IOCTL, 0},
		{unix.AUDIT_ARCH_ARM, arm(), 281, 54, 0},
	}
}

// arm returns the numbers of linux/arch/arm64/tools/syscall_32.tbl.
func arm() []call {
	return []call{
		{"_sysctl", 149},
		{"acct", 51},
		{"add_key", 309},
		{"adjtimex", 124},
		{"bpf", 386},
		{"clock_adjtime", 372},
		{"clock_adjtime64", 405},
		{"clock_settime", 262},
		{"clock_settime64", 404},
		{"delete_module", 129},
		{"fanotify_init", 367},
		{"fanotify_mark", 368},
		{"finit_module", 379},
		{"init_module", 128},
		{"kexec_file_load", 401},
		{"kexec_load", 347},
		{"keyctl", 311},
		{"lookup_dcookie", 249},
		{"nfsservctl", 169},
		{"open_by_handle_at", 371},
		{"perf_event_open", 364},
		{"pidfd_getfd", 438},
		{"process_vm_readv", 376},
		{"process_vm_writev", 377},
		{"ptrace", 26},
		{"quotactl", 131},
		{"quotactl_fd", 443},
		{"reboot", 88},
		{"request_key", 310},
		{"settimeofday", 79},
		{"swapoff", 115},
		{"swapon", 87},
		{"sysfs", 135},
		{"syslog", 103},
		{"uselib", 86},
		{"ustat", 62},
		{"vhangup", 111},
	}
}
