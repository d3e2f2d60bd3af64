// Package procview makes the texts of a container's own /proc/meminfo, swaps, cpuinfo, stat, uptime
// and loadavg: from the host's file of that name and the figures of the container's control group
// (cgroup v2, Documentation/admin-guide/cgroup-v2.rst).
//
// It is pure. Every function appends to dst and gives the result, line by line in the host's order and
// form, so that what reads the host's file reads the container's. What a control group does not count
// stays as the host says it.
package procview

// Names are the files, in /proc, that a container has of its own.
func Names() []string {
	return []string{"meminfo", "swaps", "cpuinfo", "stat", "uptime", "loadavg"}
}
