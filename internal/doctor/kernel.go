package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// kernel checks the version of Linux.
func kernel(h *Host) []Finding {
	release := h.text("proc/sys/kernel/osrelease")
	major, minor := version(release)
	at := func(a, b int) bool { return major > a || major == a && minor >= b }
	switch {
	case !at(5, 14):
		return []Finding{problem("Linux "+release+" lacks what containers need (cgroup.kill, idmapped mounts)", "boot Linux 6.1 or later")}
	case !at(6, 1):
		return []Finding{note("Linux "+release+" is older than what Berth is tested with", "boot Linux 6.1 or later")}
	}
	return ok("Linux " + release)
}

// version returns the first two numbers of a version.
func version(text string) (major, minor int) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if len(words) > 0 {
		major, _ = strconv.Atoi(words[0])
	}
	if len(words) > 1 {
		minor, _ = strconv.Atoi(words[1])
	}
	return major, minor
}

// memfd checks that programs may be executed from memory: berthd starts supervisors so.
func memfd(h *Host) []Finding {
	if h.text("proc/sys/vm/memfd_noexec") == "2" {
		return []Finding{problem("the host refuses executable memory files, and berthd does not start",
			"set vm.memfd_noexec to 0 or 1 (sysctl.d(5)); 1 keeps them from programs that do not ask for them")}
	}
	return ok("memory files can be executed")
}

// namespaces checks that the kernel has the namespaces and lets them be made.
func namespaces(h *Host) (found []Finding) {
	for _, n := range []struct {
		file, limit, what string
		level             Level
	}{
		{"mnt", "max_mnt_namespaces", "no container starts", Problem},
		{"pid", "max_pid_namespaces", "no container starts", Problem},
		{"ipc", "max_ipc_namespaces", "no container starts", Problem},
		{"uts", "max_uts_namespaces", "no container starts", Problem},
		{"cgroup", "max_cgroup_namespaces", "no container starts", Problem},
		{"net", "max_net_namespaces", "no container with a network of its own starts", Problem},
		{"user", "max_user_namespaces", "no container with <idmap> starts", Problem},
		{"time", "max_time_namespaces", "containers have the clocks of the host", Note},
	} {
		if !h.exists("proc/self/ns/" + n.file) {
			found = append(found, Finding{
				Level: n.level, Text: "the kernel has no " + n.file + " namespaces: " + n.what,
				Advice: "boot a kernel with CONFIG_" + strings.ToUpper(n.file) + "_NS",
			})
			continue
		}
		if h.text("proc/sys/user/"+n.limit) == "0" {
			found = append(found, Finding{
				Level: n.level, Text: "user." + n.limit + " is 0: " + n.what,
				Advice: "remove the setting from sysctl.d(5), or set it to what /proc/sys/kernel/threads-max has",
			})
		}
	}
	if fields := strings.Fields(h.text("proc/self/uid_map")); len(fields) == 3 && fields[2] != "4294967295" {
		found = append(found, problem("this is a user namespace: berthd cannot give ids of the host to containers", "run Berth on the host, or in a container without <idmap>"))
	}
	return or(found, "all kinds can be made")
}

// limits checks settings of the kernel that are too small for many containers. The default of a kernel is large enough,
// so somebody has chosen these.
func limits(h *Host) (found []Finding) {
	for _, l := range []struct {
		setting string
		least   uint64
		what    string
	}{
		{"fs/inotify/max_user_instances", 128, "programs in containers cannot watch files"},
		{"fs/inotify/max_user_watches", 8192, "programs in containers cannot watch files"},
		{"kernel/pty/max", 1024, "each console and each berthctl exec needs a terminal"},
		{"fs/mount-max", 10000, "each container has some forty mounts"},
		{"kernel/keys/maxkeys", 200, "each container of a user has a keyring"},
		{"kernel/pid_max", 32768, "all containers share the numbers of processes"},
	} {
		n, err := strconv.ParseUint(h.text("proc/sys/"+l.setting), 10, 64)
		if name := strings.ReplaceAll(l.setting, "/", "."); err == nil && n < l.least {
			found = append(found, note(fmt.Sprintf("%s is %d: %s", name, n, l.what), fmt.Sprintf("set %s to %d or more (sysctl.d(5))", name, l.least)))
		}
	}
	if h.text("proc/sys/fs/suid_dumpable") == "1" {
		found = append(found, note("fs.suid_dumpable is 1: processes that change their user can be traced, and each start copies the memory of a supervisor",
			"set fs.suid_dumpable to 0 or 2 (sysctl.d(5))"))
	}
	return or(found, "the kernel's limits are large enough")
}

// fuse checks that containers can have their own /proc/meminfo.
func fuse(h *Host) []Finding {
	if !h.exists("dev/fuse") {
		return []Finding{note("there is no /dev/fuse: containers see the host's own /proc/meminfo and similar files", "modprobe fuse, and restart berthd.service")}
	}
	return ok("containers get their own /proc/meminfo")
}

// images checks what mounting images needs.
func images(h *Host) (found []Finding) {
	if !h.exists("dev/loop-control") {
		found = append(found, note("there is no /dev/loop-control: raw images cannot be mounted", "modprobe loop"))
	}
	if !h.hasAny("usr/bin/qemu-nbd", "usr/local/bin/qemu-nbd", "bin/qemu-nbd") {
		found = append(found, note("there is no qemu-nbd: qcow2 images cannot be mounted", "install qemu-utils (Debian) or qemu-img (Fedora)"))
	} else if !h.hasModule("nbd") {
		found = append(found, note("the kernel has no module nbd: qcow2 images cannot be mounted", "install the package of the kernel's further modules, or build CONFIG_BLK_DEV_NBD"))
	}
	return or(found, "raw and qcow2 images can be mounted")
}

func (h *Host) hasAny(files ...string) bool {
	return slices.ContainsFunc(files, h.exists)
}

// hasModule reports whether the kernel has a module, loaded, built in or as a file.
func (h *Host) hasModule(name string) bool {
	dir := "lib/modules/" + h.text("proc/sys/kernel/osrelease") + "/"
	return h.exists("sys/module/"+name) || strings.Contains(h.text(dir+"modules.builtin"), "/"+name+".ko") || strings.Contains(h.text(dir+"modules.dep"), "/"+name+".ko")
}
