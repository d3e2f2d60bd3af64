// Package procview makes the container's view of /proc: its own meminfo, swaps, cpuinfo, stat, uptime
// and loadavg. It makes each text from the host's file of that name and the figures of the container's
// control group (cgroup v2, Documentation/admin-guide/cgroup-v2.rst).
//
// It is pure. Every function appends to dst and returns the result. The lines keep the host's order
// and form, so that every reader of the host's file can read the container's. A figure that the
// control group does not have stays the host's.
package procview

// Names returns the names of the files below /proc that are the container's own.
func Names() []string {
	return []string{"meminfo", "swaps", "cpuinfo", "stat", "uptime", "loadavg"}
}
