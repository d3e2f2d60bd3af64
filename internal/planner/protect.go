package planner

import "github.com/berthd/berth/internal/plan"

// protect plans what the host's /proc and /sys lose in a container without a user namespace. There root
// is the host's root to the kernel: it could change settings of the host, and read what the host keeps
// from everybody else. With a user namespace the owners of the files are the wall.
//
// docs/kernel-files.md compares the lists with those of others, and says why each path is here.
func protect(p *plan.Plan) {
	if p.Namespaces.User {
		return
	}
	p.Hold = mayMount(p) // who may mount could remount the host's file systems
	p.ReadOnlyPaths = []string{
		"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/driver", "/proc/dynamic_debug", "/proc/fs", "/proc/irq",
		"/proc/latency_stats", "/proc/mtrr", "/proc/scsi", "/proc/sysrq-trigger",
	}
	p.MaskedPaths = []string{
		"/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/timer_list",
		"/sys/devices/virtual/powercap", "/sys/firmware",
	}
}
