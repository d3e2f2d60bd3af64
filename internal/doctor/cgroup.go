package doctor

import (
	"slices"
	"strings"
)

// cgroups checks that cgroup2 is the host's only hierarchy, and which controllers it has.
func cgroups(h *Host) (found []Finding) {
	types, ok := h.mounts()
	const unified = "boot with systemd.unified_cgroup_hierarchy=1, and without cgroup_disable="
	switch {
	case !ok:
		return []Finding{problem("the mounts of the host cannot be read", "look whether /proc is mounted")}
	case types["/sys/fs/cgroup"] != "cgroup2" && types["/sys/fs/cgroup/unified"] != "cgroup2":
		return []Finding{problem("cgroup2 is not mounted", unified)}
	case types["/sys/fs/cgroup"] != "cgroup2":
		found = append(found, note("cgroup2 is not the only hierarchy: limits of what the older ones have do not hold", unified))
	}
	root := "sys/fs/cgroup/"
	if types["/sys/fs/cgroup"] != "cgroup2" {
		root += "unified/"
	}
	have := strings.Fields(h.text(root + "cgroup.controllers"))
	for _, c := range []struct{ name, what string }{
		{"cpu", "<cputune>"},
		{"memory", "<memtune>"},
		{"pids", "<berth:pids>"},
		{"io", "<blkiotune>"},
		{"cpuset", "<vcpu cpuset=''> and <numatune>"},
	} {
		if !slices.Contains(have, c.name) {
			found = append(found, note("the controller "+c.name+" is missing: containers with "+c.what+" do not start, and figures are absent", unified))
		}
	}
	if !h.exists("proc/pressure/memory") {
		found = append(found, note("the kernel tells no pressure: figures are absent", "boot with psi=1"))
	}
	return or(found, "cgroup2 with "+strings.Join(have, ", "))
}

// mounts returns the file system type of the last mount on each mount point (proc_pid_mountinfo(5)).
func (h *Host) mounts() (types map[string]string, ok bool) {
	types = map[string]string{}
	for line := range strings.Lines(h.text("proc/self/mountinfo")) {
		left, right, _ := strings.Cut(line, " - ")
		at, kind := strings.Fields(left), strings.Fields(right)
		if len(at) > 4 && len(kind) > 0 {
			types[at[4]] = kind[0]
		}
	}
	return types, len(types) > 0
}
