//go:build nest

package nest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// mountRows are the mounts of every container: libvirt's basic mounts and its further ones. What
// libvirt has not is said beside it.
var mountRows = []struct {
	target string
	fstype string // "" is any
	flags  string // of the mount, less the times
	super  string // of the file system, all of these
	kinds  string
	hosts  bool // only where the host has it mounted
	exists bool // only where the kernel has it
}{
	{target: "/", flags: "rw", kinds: plain + " " + privnet},
	{target: "/", flags: "rw,idmapped", kinds: userns},
	{target: "/proc", fstype: "proc", flags: "rw,nosuid,nodev,noexec"},
	{target: "/proc/sys", fstype: "proc", flags: "ro,nosuid,nodev,noexec"},
	{target: "/proc/sys/net/ipv4", fstype: "proc", flags: "rw,nosuid,nodev,noexec", kinds: privnet},
	{target: "/proc/sys/net/ipv6", fstype: "proc", flags: "rw,nosuid,nodev,noexec", kinds: privnet},
	// A boot id for each life, as systemd-nspawn and LXC have it; libvirt has none.
	{target: "/proc/sys/kernel/random/boot_id", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec"},
	// The container's own figures; libvirt has the first.
	{target: "/proc/meminfo", fstype: "fuse.berth", flags: "ro,nosuid,nodev,noexec"},
	{target: "/proc/swaps", fstype: "fuse.berth", flags: "ro,nosuid,nodev,noexec"},
	{target: "/proc/cpuinfo", fstype: "fuse.berth", flags: "ro,nosuid,nodev,noexec"},
	{target: "/proc/stat", fstype: "fuse.berth", flags: "ro,nosuid,nodev,noexec"},
	{target: "/proc/uptime", fstype: "fuse.berth", flags: "ro,nosuid,nodev,noexec"},
	{target: "/proc/loadavg", fstype: "fuse.berth", flags: "ro,nosuid,nodev,noexec"},
	{target: "/sys", fstype: "sysfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet},
	// A user namespace on the host's network may make no sysfs: it gets the host's, with its flags.
	{target: "/sys", fstype: "sysfs", flags: "ro", kinds: userns},
	{target: "/sys/kernel/security", fstype: "securityfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, hosts: true},
	{target: "/sys/fs/selinux", fstype: "selinuxfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, hosts: true},
	// libvirt binds the host's whole hierarchy.
	{target: "/sys/fs/cgroup", fstype: "cgroup2", flags: "rw,nosuid,nodev,noexec"},
	{target: "/dev", fstype: "tmpfs", flags: "rw,nosuid", super: "size=64k mode=755"},
	{target: "/dev/pts", fstype: "devpts", flags: "rw,nosuid,noexec", super: "gid=%tty mode=620 ptmxmode=666 max=1027"},
	// libvirt has neither of these two.
	{target: "/dev/shm", fstype: "tmpfs", flags: "rw,nosuid,nodev", super: "size=32768k"},
	{target: "/dev/mqueue", fstype: "mqueue", flags: "rw,nosuid,nodev,noexec"},
	{target: "/dev/console", fstype: "devpts", flags: "rw,nosuid,noexec"},
	// What would set the host, or tell too much of it (docs/kernel-files.md); libvirt has none of these.
	{target: "/proc/acpi", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/asound", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/bus", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/driver", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/dynamic_debug", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/fs", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/irq", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/latency_stats", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/mtrr", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/scsi", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/sysrq-trigger", fstype: "proc", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/kallsyms", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/kcore", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/keys", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/proc/timer_list", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/sys/devices/virtual/powercap", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	{target: "/sys/firmware", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", kinds: plain + " " + privnet, exists: true},
	// systemd's container interface; libvirt has neither.
	{target: "/run", fstype: "tmpfs", flags: "rw,nosuid,nodev", super: "mode=755"},
	{target: "/run/host", fstype: "tmpfs", flags: "ro,nosuid,nodev,noexec", super: "mode=755"},
	// The root of a user namespace may make no device nodes: the host's are bound.
	{target: "/dev/null", kinds: userns},
	{target: "/dev/zero", kinds: userns},
	{target: "/dev/full", kinds: userns},
	{target: "/dev/random", kinds: userns},
	{target: "/dev/urandom", kinds: userns},
	{target: "/dev/tty", kinds: userns},
}

// mountLine is one line of proc_pid_mountinfo(5).
type mountLine struct{ target, flags, tags, fstype, super string }

func mountLines(t *testing.T, lines []string) []mountLine {
	t.Helper()
	var list []mountLine
	for _, line := range lines {
		left, right, _ := strings.Cut(line, " - ")
		at, fs := strings.Fields(left), strings.Fields(right)
		if len(at) < 6 || len(fs) != 3 {
			t.Fatalf("no mount: %q", line)
		}
		list = append(list, mountLine{at[4], strings.ReplaceAll(at[5], ",relatime", ""), strings.Join(at[6:], " "), fs[0], fs[2]})
	}
	return list
}

// inKernel says whether the kernel has a file of /proc or /sys.
func inKernel(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func checkMounts(t *testing.T, kind string, w world) {
	seen := mountLines(t, w["mounts"])
	tty := "5"
	if kind == userns {
		tty = "200005" // the file system's own options are in the host's ids
	}
	known := map[string]bool{}
	for _, row := range mountRows {
		if !on(row.kinds, kind) || row.hosts && !hostHas(t, row.target, row.fstype) || row.exists && !inKernel(row.target) {
			continue
		}
		known[row.target] = true
		t.Run(row.target, func(t *testing.T) {
			// The last one on a mount point is the one that is seen.
			i := len(seen) - 1
			for i >= 0 && seen[i].target != row.target {
				i--
			}
			if i < 0 {
				t.Fatal("it is not mounted")
			}
			m := seen[i]
			if row.fstype != "" && m.fstype != row.fstype || row.flags != "" && m.flags != row.flags {
				t.Errorf("%+v, want %s %s", m, row.fstype, row.flags)
			}
			for option := range strings.FieldsSeq(strings.ReplaceAll(row.super, "%tty", tty)) {
				if !slices.Contains(strings.Split(m.super, ","), option) {
					t.Errorf("%+v has no %s", m, option)
				}
			}
			if m.tags != "" {
				t.Errorf("what is mounted there can be seen elsewhere, or elsewhere is seen there: %s", m.tags)
			}
		})
	}
	for _, m := range seen {
		if !known[m.target] && (kind != userns || !strings.HasPrefix(m.target, "/sys/")) { // the host's /sys with all below it
			t.Errorf("more is mounted: %+v", m)
		}
	}
}
