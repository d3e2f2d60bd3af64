//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInit: init has the arguments, directory, identity, host name, terminal and limits of the
// definition.
func TestInit(t *testing.T) {
	clean(t)
	g := guest{Name: "web", Root: busybox(t), Args: "<initarg>one</initarg><initarg>two words</initarg><initdir>/tmp</initdir>"}
	got := tell(t, g, `echo "0:$0 1:$1 2:$2"; pwd; id; hostname; tty; umask; ulimit -n; cat /proc/1/oom_score_adj`)
	want := strings.Join([]string{"0:/init 1:one 2:two words", "/tmp", "uid=0(root) gid=0(root)", "web", "/dev/pts/0", "0022", "1024", "0"}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestUser: inituser and initgroup are looked up in the container's own files, with supplementary
// groups.
func TestUser(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct{ args, want string }{
		"name":           {"<inituser>guest</inituser>", "uid=1000(guest) gid=1000(guest) groups=2000(extra)"},
		"number":         {"<inituser>1234</inituser><initgroup>4321</initgroup>", "uid=1234 gid=4321"},
		"plus number":    {"<inituser>+1000</inituser><initgroup>+5</initgroup>", "uid=1000(guest) gid=5"},
		"name and group": {"<inituser>guest</inituser><initgroup>extra</initgroup>", "uid=1000(guest) gid=2000(extra)"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), Args: c.args}, "id; grep CapEff /proc/self/status")
			id, caps, _ := strings.Cut(got, "\n")
			if !strings.HasPrefix(id, c.want) || !strings.HasSuffix(caps, "0000000000000000") {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestCgroup: the container sees its own control group as the root, can make groups in it, and sees
// none above it.
func TestCgroup(t *testing.T) {
	clean(t)
	got := tell(t, guest{Name: "web", Root: busybox(t)}, `cat /proc/1/cgroup; cat /sys/fs/cgroup/cgroup.procs | grep -c .
mkdir /sys/fs/cgroup/sub && echo $$ > /sys/fs/cgroup/sub/cgroup.procs && cat /proc/1/cgroup; ls -d /sys/fs/cgroup/machine.slice 2>&1 | tail -c 26`)
	if !strings.Contains(got, "0::/\n") || !strings.Contains(got, "0::/sub") || !strings.Contains(got, "No such file") {
		t.Errorf("got %q", got)
	}
}

// TestDeviceUse: the device nodes do what they are for, and no other node can be made.
func TestDeviceUse(t *testing.T) {
	clean(t)
	got := tell(t, guest{Name: "web", Root: busybox(t)}, `mknod /tmp/sda b 8 0 2>&1; head -c 2 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c
echo x > /dev/null && echo gone; echo x 2>&1 > /dev/full | grep -o 'No space left'; echo to stdout > /dev/stdout; echo to tty > /dev/tty; echo to console > /dev/console`)
	want := "mknod: /tmp/sda: Operation not permitted\n2\n3\ngone\nNo space left\nto stdout\nto tty\nto console"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestCapabilities: init has the capabilities that the policy leaves, less those that the rig's
// host lacks. TestLibvirtTables has the default policy.
func TestCapabilities(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		xml     string
		dropped []uint
		only    []uint
	}{
		"mknod on":    {"<features><capabilities policy='default'><mknod state='on'/><sys_chroot state='off'/></capabilities></features>", []uint{16, 25, 30, 33, 18}, nil},
		"allow":       {"<features><capabilities policy='allow'><sys_admin state='off'/></capabilities></features>", []uint{21}, nil},
		"deny":        {"<features><capabilities policy='deny'><kill state='on'/></capabilities></features>", nil, []uint{5}},
		"new ones on": {"<features><capabilities policy='deny'><bpf state='on'/><perfmon state='on'/></capabilities></features>", nil, []uint{38, 39}},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			host := hex(t, run(t, "sh", "-c", "grep CapBnd /proc/self/status"))
			want := host
			for _, n := range c.dropped {
				want &^= 1 << n
			}
			if c.only != nil {
				want = 0
				for _, n := range c.only {
					want |= host & (1 << n)
				}
			}
			got := tell(t, guest{Name: "web", Root: busybox(t), More: c.xml}, "grep Cap /proc/1/status")
			seen := 0
			for line := range strings.SplitSeq(got, "\n") {
				set, _, _ := strings.Cut(line, ":")
				switch set {
				case "CapBnd", "CapPrm", "CapEff":
					seen++
					if hex(t, line) != want {
						t.Errorf("%s, want %#x", line, want)
					}
				}
			}
			if seen != 3 {
				t.Errorf("%d sets are told in:\n%s", seen, got)
			}
		})
	}
}

func hex(t testing.TB, line string) uint64 {
	t.Helper()
	_, digits, _ := strings.Cut(line, ":")
	n, err := parseHex(strings.TrimSpace(digits))
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return n
}

// TestNamespaces: a container shares the host's network and user namespaces only, and with
// <privnet/> the user namespace only.
func TestNamespaces(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		xml  string
		host string
	}{
		"plain":   {"", "net user"},
		"privnet": {"<features><privnet/></features>", "user"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), More: c.xml}, "cd /proc/1/ns; for n in cgroup ipc mnt net pid user uts; do echo $n $(readlink $n); done; ip link show lo")
			var same []string
			for line := range strings.SplitSeq(got, "\n") {
				kind, ns, _ := strings.Cut(line, " ")
				if own, err := os.Readlink("/proc/self/ns/" + kind); err == nil && own == strings.TrimSpace(ns) {
					same = append(same, kind)
				}
			}
			if strings.Join(same, " ") != c.host {
				t.Errorf("shared with the host: %v, want %s", same, c.host)
			}
			if !strings.Contains(got, "LOOPBACK,UP") {
				t.Errorf("lo is down:\n%s", got)
			}
		})
	}
}

// TestBindMounts: directories and files of the host are bound in order, read-only where asked, and
// missing targets are made.
func TestBindMounts(t *testing.T) {
	clean(t)
	g := guest{Name: "web", Root: busybox(t)}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "file"), []byte("content\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	bind := func(source, target, more string) string {
		return "<filesystem type='mount'><source dir='" + source + "'/><target dir='" + target + "'/>" + more + "</filesystem>"
	}
	g.Devs = bind(data, "/srv/new/dir", "") + bind(filepath.Join(data, "file"), "/srv/single", "<readonly/>") + bind(data, "/srv/ro", "<readonly/>")
	got := tell(t, g, `cat /srv/new/dir/file /srv/single; echo written > /srv/new/dir/out; echo x 2>&1 > /srv/single; touch /srv/ro/x; echo $?`)
	if strings.Count(got, "content") != 2 || !strings.HasSuffix(got, "\n1") || strings.Count(got, "Read-only file system") != 2 {
		t.Errorf("got %q", got)
	}
	if text, err := os.ReadFile(filepath.Join(data, "out")); err != nil || string(text) != "written\n" {
		t.Errorf("the host sees %q, %v", text, err)
	}
}

// TestInnerMounts: ram file systems have their size, and directories of the container are bound
// elsewhere in it with the flags that they had.
func TestInnerMounts(t *testing.T) {
	clean(t)
	g := guest{Name: "web", Root: busybox(t)}
	g.Devs = "<filesystem type='ram'><source usage='1' units='MiB'/><target dir='/srv/ram'/></filesystem>" +
		"<filesystem type='ram'><source usage='64'/><target dir='/srv/ro'/><readonly/></filesystem>" +
		"<filesystem type='bind'><source dir='/etc'/><target dir='/srv/etc'/></filesystem>" +
		"<filesystem type='bind'><source dir='/proc/sys'/><target dir='/srv/sys'/></filesystem>"
	for name, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g.More = more
			got := tell(t, g, `grep -E '/srv/(ram|ro|sys) ' /proc/mounts | cut -d' ' -f2-4 | sort; dd if=/dev/zero of=/srv/ram/x bs=1k count=2000 2>&1 | grep -o 'No space left'
touch /srv/ro/x || echo refused; cmp /etc/passwd /srv/etc/passwd && echo same; echo 1 > /srv/sys/kernel/panic || echo refused`)
			for _, want := range []string{"/srv/ram tmpfs rw,nosuid,nodev", "/srv/ro tmpfs ro,nosuid,nodev", "/srv/sys proc ro", "No space left", "same", "refused"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
			if strings.Count(got, "\nrefused") != 2 {
				t.Errorf("something was writable:\n%s", got)
			}
		})
	}
}

// TestReadOnlyRoot: on a read-only root nothing can be written but what is the container's own.
func TestReadOnlyRoot(t *testing.T) {
	clean(t)
	g := guest{Name: "web", Root: busybox(t), Init: "/bin/sh"}
	g.Args = "<initarg>-c</initarg><initarg>touch /x; touch /dev/shmem &amp;&amp; echo dev is writable; echo THE END; exec sleep 100000</initarg>"
	xml := strings.Replace(g.xml(), "<target dir='/'/>", "<target dir='/'/><readonly/>", 1)
	file := filepath.Join(t.TempDir(), "ro.xml")
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "create", file)
	t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
	if got := says(t, "web", "THE END"); !strings.Contains(got, "Read-only file system") || !strings.Contains(got, "dev is writable") {
		t.Errorf("got %q", got)
	}
	run(t, "berthctl", "destroy", "web")
}

// TestHostRoot: on the host's root a container has the host's files, but not its processes, devices
// and control groups.
func TestHostRoot(t *testing.T) {
	clean(t)
	run(t, "berthctl", "define", "../../examples/vm1-host-root.xml")
	run(t, "berthctl", "undefine", "vm1")
	before := mounts(t, 0)
	got := tell(t, guest{Name: "vm1"}, `ls -d /etc/berth; cat /proc/[0-9]*/comm | grep -c systemd; ls /dev | tr '\n' ' '; [ -e /sys/fs/cgroup/machine.slice ] || echo own cgroups`)
	if !strings.HasPrefix(got, "/etc/berth\n0\n") || !strings.Contains(got, "console fd full mqueue null ptmx pts random shm") || !strings.Contains(got, "own cgroups") {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff(before, mounts(t, 0)); diff != "" {
		t.Errorf("the host's mounts, -before +after\n%s", diff)
	}
}
