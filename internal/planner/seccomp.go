package planner

import (
	"slices"

	"github.com/berthd/berth/internal/domain"
)

// always are the calls that act on the whole host whatever namespaces there are, that read what other
// containers own, or that no program of today needs.
func always() []string {
	return []string{
		"add_key", "keyctl", "request_key", // keyrings are of users, not of containers
		"bpf", "perf_event_open", "fanotify_init", "fanotify_mark", "lookup_dcookie",
		"kexec_file_load", "kexec_load",
		"open_by_handle_at", // finds files outside the root
		"quotactl", "quotactl_fd", "swapoff", "swapon",
		"_sysctl", "modify_ldt", "nfsservctl", "sysfs", "uselib", "ustat",
		"vm86", "vm86old", // i386 only
	}
}

// without are the calls that a container has only with a capability.
func without(capability string) []string {
	return map[string][]string{
		"sys_boot":   {"reboot"},
		"sys_module": {"delete_module", "finit_module", "init_module"},
		"sys_pacct":  {"acct"},
		"sys_ptrace": {"pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace"},
		"sys_rawio":  {"ioperm", "iopl"},
		"sys_time": { // those with 64, and stime, are of 32-bit architectures
			"adjtimex", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday", "stime",
		},
		"sys_tty_config": {"vhangup"},
		"syslog":         {"syslog"},
	}[capability]
}

// denied is what the profile of a definition denies, sorted; without a profile nothing.
func denied(d *domain.Def) []string {
	if profile := d.Extension.Seccomp; profile == "" || profile == "none" {
		return nil
	}
	list := always()
	keep := d.Features.Capabilities.Keep()
	for n, name := range domain.CapabilityNames() {
		if keep&(1<<n) == 0 {
			list = append(list, without(name)...)
		}
	}
	slices.Sort(list)
	return list
}
