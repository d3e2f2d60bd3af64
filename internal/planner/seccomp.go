package planner

import (
	"slices"

	"github.com/berthd/berth/internal/domain"
)

// always returns the system calls that every profile denies: those that act on the whole host in
// spite of namespaces, those that read what belongs to other containers, and those that no current
// program needs.
func always() []string {
	return []string{
		"add_key", "keyctl", "request_key", // keyrings belong to users, not to containers
		"bpf", "perf_event_open", "fanotify_init", "fanotify_mark", "lookup_dcookie",
		"kexec_file_load", "kexec_load",
		"open_by_handle_at", // opens files outside the root
		"quotactl", "quotactl_fd", "swapoff", "swapon",
		"_sysctl", "modify_ldt", "nfsservctl", "sysfs", "uselib", "ustat",
		"vm86", "vm86old", // i386 only
	}
}

// without returns the system calls that a container without the capability is denied.
func without(capability string) []string {
	return map[string][]string{
		"sys_boot":   {"reboot"},
		"sys_module": {"delete_module", "finit_module", "init_module"},
		"sys_pacct":  {"acct"},
		"sys_ptrace": {"pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace"},
		"sys_rawio":  {"ioperm", "iopl"},
		"sys_time": { // 32-bit architectures have stime and those that end in 64
			"adjtimex", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday", "stime",
		},
		"sys_tty_config": {"vhangup"},
		"syslog":         {"syslog"},
	}[capability]
}

// denied returns the system calls that the definition's seccomp profile denies, sorted. It returns
// nil if there is no profile.
func denied(d *domain.Def) []string {
	if profile := d.Extension.Seccomp; profile == "" || profile == "none" {
		return nil
	}
	list := always()
	keep := kept(d)
	for n, name := range domain.CapabilityNames() {
		if keep&(1<<n) == 0 {
			list = append(list, without(name)...)
		}
	}
	slices.Sort(list)
	return list
}
