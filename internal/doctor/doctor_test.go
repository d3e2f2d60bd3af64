package doctor

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/berthd/berth/internal/shift"
)

// rooted is a definition with a root directory and a user namespace.
const rooted = "<domain type='lxc'><name>web</name><memory>65536</memory><idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>" +
	"<os><type>exe</type><init>/init</init></os><devices><filesystem><source dir='/srv/web'/><target dir='/'/></filesystem></devices></domain>"

// files are those of a host, by their names.
type files map[string]string

// healthy is a host that lacks nothing.
func healthy() files {
	f := files{
		"proc/sys/kernel/osrelease": "6.1.0-39-amd64\n", "proc/sys/vm/memfd_noexec": "0\n", "proc/self/uid_map": "         0          0 4294967295\n",
		"proc/self/mountinfo":  "25 30 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n26 30 0:24 / /run rw,nosuid - tmpfs tmpfs rw\n",
		"proc/pressure/memory": "", "proc/self/loginuid": "4294967295", "proc/sys/fs/suid_dumpable": "0\n", "proc/sys/kernel/pty/max": "4096\n",
		"proc/7/comm": "berth-supervis\n", "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n", "run/systemd/system/x": "",
		"dev/fuse": "", "dev/loop-control": "", "usr/bin/qemu-nbd": "", "lib/modules/6.1.0-39-amd64/modules.dep": "kernel/drivers/block/nbd.ko:\n",
		"usr/lib/systemd/system/systemd-machined.service": "", "lib/systemd/system/polkit.service": "", "usr/lib/systemd/system/systemd-networkd.service": "",
		"usr/share/dbus-1/system.d/org.berth1.conf": "", "usr/sbin/auditd": "", "etc/berth/berth.conf": "[Daemon]\nAudit=on\n",
		"etc/berth/containers/web.xml": rooted,
		"etc/passwd":                   "root:x:0:0:root:/root:/bin/sh\n", "etc/subuid": "anna:100000:65536\n", "run/berth/live/u/state.json": `{"machine":"web","supervisor":7,"state":"running"}`,
	}
	for _, n := range []string{"mnt", "pid", "ipc", "uts", "cgroup", "net", "user", "time"} {
		f["proc/self/ns/"+n] = ""
	}
	return f
}

func (f files) host() *Host {
	m := fstest.MapFS{}
	for name, text := range f {
		file := &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		if to, link := strings.CutPrefix(text, "-> "); link {
			file = &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
		}
		m[name] = file
	}
	names := []string{"org.berth1", "org.freedesktop.machine1", "org.freedesktop.PolicyKit1", "org.freedesktop.network1"}
	return &Host{
		Files: m, Root: true, Bus: Bus{Systemd: "252.39-1", Activatable: names},
		Free: func(string) (Space, error) {
			return Space{Free: 1 << 30, Total: 2 << 30, FreeFiles: 1 << 20, Files: 1 << 20}, nil
		},
		Judge: func(string, shift.Map) (shift.Verdict, error) { return shift.Verdict{}, nil },
	}
}

// TestHealthyHost: each check is content with a host that lacks nothing, and says something.
func TestHealthyHost(t *testing.T) {
	t.Parallel()
	all := Examine(healthy().host())
	for _, f := range all {
		if f.Level != OK || f.Text == "" || f.Advice != "" {
			t.Errorf("%+v", f)
		}
	}
	if len(all) != len(Names()) || !Healthy(all) {
		t.Errorf("%d findings of %d checks", len(all), len(Names()))
	}
}

// ailment is a host with one fault, and what is found.
type ailment struct {
	check  string
	change func(files, *Host)
	level  Level
	text   string // in the finding
	advice string
}

// remove returns a change that removes files.
func remove(names ...string) func(files, *Host) {
	return func(f files, _ *Host) {
		for _, n := range names {
			delete(f, n)
		}
	}
}

// write returns a change that writes a file.
func write(name, text string) func(files, *Host) {
	return func(f files, _ *Host) { f[name] = text }
}

// lacks returns a change that takes a name from the bus.
func lacks(name string) func(files, *Host) {
	return func(_ files, h *Host) {
		h.Bus.Activatable = slices.DeleteFunc(h.Bus.Activatable, func(n string) bool { return n == name })
	}
}

// TestFindings: each fault of a host is found by its check, with what to do, and is no fault for the other checks.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, a := range ailments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := healthy()
			h := f.host()
			a.change(f, h)
			h.Files = f.host().Files
			all := Examine(h)
			bad := slices.DeleteFunc(all, func(f Finding) bool { return f.Level == OK })
			if len(bad) != 1 || bad[0].Check != a.check || bad[0].Level != a.level || !strings.Contains(bad[0].Text, a.text) || !strings.Contains(bad[0].Advice, a.advice) || bad[0].Advice == "" {
				t.Errorf("want one of %s, %s, %q, %q; got %+v", a.check, a.level, a.text, a.advice, bad)
			}
			if Healthy(bad) != (a.level == Note) {
				t.Errorf("healthy: %v", Healthy(bad))
			}
		})
	}
}

func ailments() map[string]ailment {
	all := kernelAilments()
	maps.Copy(all, serviceAilments())
	maps.Copy(all, fileAilments())
	maps.Copy(all, rootAilments())
	return all
}

func kernelAilments() map[string]ailment {
	return map[string]ailment{
		"an old kernel": {"kernel", func(f files, _ *Host) {
			f["proc/sys/kernel/osrelease"], f["sys/module/nbd/x"] = "4.19.0", ""
		}, Problem, "Linux 4.19.0 lacks", "6.1"},
		"no memory files":     {"memfd", write("proc/sys/vm/memfd_noexec", "2\n"), Problem, "berthd does not start", "vm.memfd_noexec"},
		"no user namespaces":  {"namespaces", write("proc/sys/user/max_user_namespaces", "0\n"), Problem, "<idmap>", "sysctl"},
		"no pid namespace":    {"namespaces", remove("proc/self/ns/pid"), Problem, "no container starts", "CONFIG_PID_NS"},
		"no time namespaces":  {"namespaces", remove("proc/self/ns/time"), Note, "clocks of the host", "CONFIG_TIME_NS"},
		"in a user namespace": {"namespaces", write("proc/self/uid_map", "0 100000 65536"), Problem, "user namespace", "without <idmap>"},
		"few terminals":       {"limits", write("proc/sys/kernel/pty/max", "64\n"), Note, "kernel.pty.max is 64", "1024"},
		"traced processes":    {"limits", write("proc/sys/fs/suid_dumpable", "1\n"), Note, "fs.suid_dumpable", "0 or 2"},
		"no FUSE":             {"fuse", remove("dev/fuse"), Note, "/proc/meminfo", "modprobe fuse"},
		"no loop devices":     {"images", remove("dev/loop-control"), Note, "raw images", "modprobe loop"},
		"no qemu-nbd":         {"images", remove("usr/bin/qemu-nbd"), Note, "qcow2", "qemu-utils"},
		"no nbd":              {"images", remove("lib/modules/6.1.0-39-amd64/modules.dep"), Note, "nbd", "CONFIG_BLK_DEV_NBD"},
		"hybrid cgroups": {"cgroup", func(f files, _ *Host) {
			f["proc/self/mountinfo"] = "1 2 0:3 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n1 2 0:3 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n1 2 0:4 / /run rw - tmpfs t rw\n"
			f["sys/fs/cgroup/unified/cgroup.controllers"] = "cpuset cpu io memory pids"
		}, Note, "not the only hierarchy", "unified_cgroup_hierarchy"},
		"no cgroup2":    {"cgroup", write("proc/self/mountinfo", "1 2 0:4 / /run rw - tmpfs t rw\n"), Problem, "not mounted", "unified"},
		"no controller": {"cgroup", write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n"), Note, "memory is missing", "unified"},
		"no pressure":   {"cgroup", remove("proc/pressure/memory"), Note, "pressure", "psi=1"},
	}
}

func serviceAilments() map[string]ailment {
	return map[string]ailment{
		"another init":  {"systemd", remove("run/systemd/system/x"), Problem, "not the init", "process 1"},
		"old systemd":   {"systemd", func(_ files, h *Host) { h.Bus.Systemd = "247.3" }, Problem, "247.3 is too old", "252"},
		"no bus":        {"bus", func(_ files, h *Host) { h.Bus = Bus{Err: errors.New("connection refused")} }, Problem, "connection refused", "dbus.s"},
		"unknown":       {"bus", lacks("org.berth1"), Problem, "does not know org.berth1", "reload dbus.service"},
		"masked":        {"bus", write("etc/systemd/system/berthd.service", "-> /dev/null"), Problem, "masked", "unmask berthd"},
		"no bus policy": {"bus", remove("usr/share/dbus-1/system.d/org.berth1.conf"), Problem, "policy", "install"},
		"no machined":   {"machined", lacks("org.freedesktop.machine1"), Problem, "no container starts", "systemd-container"},
		"masked machined": {
			"machined", write("etc/systemd/system/systemd-machined.service", "-> /dev/null"), Problem, "masked", "unmask systemd-machined",
		},
		"no polkit":   {"polkit", lacks("org.freedesktop.PolicyKit1"), Note, "only root", "polkitd"},
		"no networkd": {"networkd", lacks("org.freedesktop.network1"), Note, "DHCP", "systemd-networkd"},
		"no audit":    {"audit", remove("proc/self/loginuid"), Note, "only in the journal", "CONFIG_AUDIT"},
		"audit required": {"audit", func(f files, _ *Host) {
			delete(f, "proc/self/loginuid")
			f["etc/berth/berth.conf.d/a.conf"] = "[Daemon]\nAudit=required\n"
		}, Problem, "no container starts", "audit=0"},
		"no auditd":             {"audit", remove("usr/sbin/auditd"), Note, "auditd is not installed", "Audit=off"},
		"no policy":             {"selinux", write("sys/fs/selinux/enforce", "1"), Note, "policy is not loaded", "berth-selinux load"},
		"labels are required":   {"selinux", write("etc/berth/berth.conf.d/a.conf", "[Container]\nRequireConfined=yes\n"), Problem, "none starts", "RequireConfined="},
		"a drop-in that denies": {"unit", write("etc/systemd/system/berthd.service.d/a.conf", "[Service]\nIPAddressDeny=any\n"), Problem, "IPAddressDeny=", "remove it"},
		"hardened services":     {"unit", write("etc/systemd/system/service.d/a.conf", "[Service]\nProtectSystem=strict\nProtectHome=no\n"), Problem, "ProtectSystem=", "remove it"},
		"a slice that denies":   {"unit", write("run/systemd/system/machine.slice.d/a.conf", "[Slice]\nIPAddressDeny=any\n"), Problem, "all containers", "remove it"},
	}
}

func fileAilments() map[string]ailment {
	return map[string]ailment{
		"a mistake":       {"configuration", write("etc/berth/berth.conf", "[Daemon]\nLogLevel=loud\n"), Problem, "/etc/berth/berth.conf: [Daemon] LogLevel=loud", "berth.conf(5)"},
		"ids of a user":   {"ids", write("etc/passwd", "anna:x:600000:100::/:/bin/sh\n"), Problem, "anna of /etc/passwd has the id 600000", "IDRange="},
		"subordinate ids": {"ids", write("etc/subgid", "anna:500000:65536\n"), Note, "/etc/subgid gives anna the ids 500000 to 565535", "IDRange="},
		"/run on a disk":  {"run", write("proc/self/mountinfo", "25 30 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"), Problem, "no tmpfs", "tmpfs"},
		"/run is full": {"run", func(_ files, h *Host) {
			h.Free = func(string) (Space, error) { return Space{Free: 1 << 20, Total: 1 << 30}, nil }
		}, Problem, "1 MiB left", "du"},
		"/run has no files": {"run", func(_ files, h *Host) {
			h.Free = func(string) (Space, error) { return Space{Free: 1 << 30, Files: 9}, nil }
		}, Problem, "0 files left", "du"},
		"a damaged file":      {"leftovers", write("etc/berth/containers/web.xml.damaged", ""), Note, "web.xml.damaged", "define"},
		"a lost supervisor":   {"leftovers", remove("proc/7/comm"), Note, "the supervisor of web is gone", "berthctl list"},
		"an odd note":         {"leftovers", write("run/berth/live/v/state.json", "{"), Note, "/run/berth/live/v: the note", "berthctl list"},
		"labels to give back": {"leftovers", write("var/lib/berth/labels/w", ""), Note, "labels/w", "restart berthd"},
	}
}

// TestFindingsOfHere: the checks of this host end without a panic, whatever it is, and each says something.
func TestFindingsOfHere(t *testing.T) {
	t.Parallel()
	all := Examine(Here(Bus{Err: errors.New("not asked")}))
	if len(all) < len(Names()) {
		t.Errorf("%d findings of %d checks", len(all), len(Names()))
	}
	for _, f := range all {
		if f.Check == "" || f.Text == "" || f.Level == "" {
			t.Errorf("%+v", f)
		}
	}
}
