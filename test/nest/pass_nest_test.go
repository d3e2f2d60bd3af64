//go:build nest

package nest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/client"
)

// passable are descriptors of each kind that can be passed, by their names, and whether they outlive a reboot.
func passable(t *testing.T) (list []client.Passed, kept []bool) {
	t.Helper()
	dir := t.TempDir()
	add := func(name string, fd int, err error, keeps bool) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f := os.NewFile(uintptr(fd), name)
		t.Cleanup(func() { f.Close() })
		list, kept = append(list, client.Passed{Name: name, File: f}), append(kept, keeps)
	}
	socket := func(name string, family, kind int, at unix.Sockaddr, listen bool) {
		t.Helper()
		fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Bind(fd, at)
		}
		if err == nil && listen {
			err = unix.Listen(fd, 5)
		}
		add(name, fd, err, true)
	}
	path := func(name string) unix.Sockaddr { return &unix.SockaddrUnix{Name: filepath.Join(dir, name)} }
	local := [4]byte{127, 0, 0, 1}
	socket("tcp", unix.AF_INET, unix.SOCK_STREAM, &unix.SockaddrInet4{Addr: local}, true)
	socket("udp", unix.AF_INET, unix.SOCK_DGRAM, &unix.SockaddrInet4{Addr: local}, false)
	socket("tcp6", unix.AF_INET6, unix.SOCK_STREAM, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}, true)
	socket("stream", unix.AF_UNIX, unix.SOCK_STREAM, path("stream"), true)
	socket("seqpacket", unix.AF_UNIX, unix.SOCK_SEQPACKET, path("seqpacket"), true)
	socket("datagram", unix.AF_UNIX, unix.SOCK_DGRAM, path("datagram"), false)
	socket("abstract", unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: "@" + dir}, true)
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(filepath.Join(dir, "fifo"), unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	add("fifo", fd, err, true)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	add("connected", pair[0], err, false)
	t.Cleanup(func() { unix.Close(pair[1]) })
	fd, err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	add("null", fd, err, false)
	return list, kept
}

// inode names the object of a descriptor.
func inode(t testing.TB, name string) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(st.Dev, ":", st.Ino)
}

// passedTo are the objects of a process's descriptors from 3 on, in the order of their numbers.
func passedTo(t testing.TB, pid uint32) (list []string) {
	t.Helper()
	dir := "/proc/" + pidOf(pid) + "/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := 3; n < 3+max(len(entries)-3, 0); n++ {
		list = append(list, inode(t, dir+strconv.Itoa(n)))
	}
	return list
}

func environment(t testing.TB, pid uint32) (listen []string) {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pidOf(pid) + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	for e := range strings.SplitSeq(string(text), "\x00") {
		if strings.HasPrefix(e, "LISTEN_") {
			listen = append(listen, e)
		}
	}
	return listen
}

// TestPassFDs: init gets descriptors of every kind from 3 on, in the order that they were given, with their names, and
// no others, more than fit into one message of the bus too. After a reboot it gets those again which wait for peers; of
// the others the container had the only copy. Another container gets none.
func TestPassFDs(t *testing.T) {
	for name, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			// A shell that runs a script from a file has that open.
			g := guest{Name: "passed", Root: busybox(t), Init: "/bin/sh", More: more}
			g.Args = "<initarg>-c</initarg><initarg>while [ ! -e /reboot ]; do sleep 0.1; done; rm /reboot; exec reboot -f</initarg>"
			g.define(t)
			other := sleeper(t, "other")
			other.define(t)
			list, kept := passable(t)
			for len(list) < 40 {
				list, kept = append(list, list[len(list)%7]), append(kept, true)
			}
			path, err := bus(t).ByName(t.Context(), g.Name)
			if err != nil {
				t.Fatal(err)
			}
			if err := bus(t).StartWith(t.Context(), path, client.StartOptions{Passed: list}); err != nil {
				t.Fatal(err)
			}
			run(t, "berthctl", "start", other.Name)
			check := func(keptOnly bool) {
				t.Helper()
				var names, want []string
				for i, p := range list {
					if !keptOnly || kept[i] {
						names = append(names, p.Name)
						want = append(want, inode(t, "/proc/self/fd/"+strconv.Itoa(int(p.File.Fd()))))
					}
				}
				leader := info(t, g.Name).Leader
				if got := passedTo(t, leader); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("init has %v, want %v", got, want)
				}
				env := fmt.Sprint([]string{"LISTEN_FDS=" + strconv.Itoa(len(names)), "LISTEN_PID=1", "LISTEN_FDNAMES=" + strings.Join(names, ":")})
				if got := fmt.Sprint(environment(t, leader)); got != env {
					t.Errorf("environment %s, want %s", got, env)
				}
			}
			check(false)
			i := info(t, other.Name)
			if got := passedTo(t, i.Leader); len(got) > 0 || len(environment(t, i.Leader)) > 0 {
				t.Errorf("another container has %v", got)
			}
			first := info(t, g.Name).Leader
			run(t, "systemctl", "restart", "berthd")
			if err := os.WriteFile(filepath.Join(g.Root, "reboot"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error {
				if i := info(t, g.Name); i.Leader == first || i.State != "running" {
					return fmt.Errorf("it is %s, init %d", i.State, i.Leader)
				}
				return nil
			})
			check(true)
		})
	}
}

// TestPassRefused: what cannot be passed to a container is refused by its kind and place, nothing is started, and
// nothing of it stays open in the daemon.
func TestPassRefused(t *testing.T) {
	clean(t)
	g := sleeper(t, "refused")
	g.define(t)
	path, err := bus(t).ByName(t.Context(), g.Name)
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string, flags int) *os.File {
		t.Helper()
		fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), name)
		t.Cleanup(func() { f.Close() })
		return f
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	poll := os.NewFile(uintptr(epoll), "epoll")
	defer poll.Close()
	conn, err := net.Dial("unix", "/run/dbus/system_bus_socket")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ours, err := conn.(*net.UnixConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	null := open(os.DevNull, unix.O_RDONLY)
	daemon := mainPID(t, "berthd")
	sparesReady(t)
	before := len(descriptors(t, daemon))
	for name, c := range map[string]struct {
		list []client.Passed
		want string
	}{
		"a directory":    {[]client.Passed{{Name: "ok", File: null}, {Name: "dir", File: open("/", unix.O_RDONLY)}}, "the second of the passed descriptors (dir): it is a directory; sockets, FIFOs"},
		"a path":         {[]client.Passed{{File: open("/etc/passwd", unix.O_PATH)}}, "the first of the passed descriptors: it stands for a path only"},
		"an epoll":       {[]client.Passed{{File: poll}}, "neither a socket nor a file (anon_inode:[eventpoll])"},
		"our bus socket": {[]client.Passed{{File: ours}}, "it is a connection to /run/dbus/system_bus_socket"},
		"a bad name":     {[]client.Passed{{Name: "a:b", File: null}}, "a colon"},
		"10,000":         {tenThousand(null), "the limit is 253"},
	} {
		err := bus(t).StartWith(t.Context(), path, client.StartOptions{Passed: c.list})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if i := info(t, g.Name); i.State != "shutoff" {
			t.Errorf("%s: it is %s", name, i.State)
		}
	}
	for args, want := range map[string]string{
		"--pass-fds 3":                   "descriptor 3: berthctl was started without it",
		"--pass-fds x":                   `"x" is not the number of a descriptor`,
		"--pass-fds 0,17":                "descriptor 17: berthctl was started without it",
		"--pass-listen-fds":              "systemd has passed no descriptors",
		"--pass-listen-fds --pass-fds 0": "are mutually exclusive",
		"--pass-fds 0,5 5</":             "descriptor 5: it is a directory; sockets, FIFOs",
		"--pass-fds 0,3 3>&0":            "",
	} {
		got := try(t, "sh", "-c", "exec berthctl start refused 3>&- "+args)
		if want != "" && (got.Status == 0 || !strings.Contains(got.Err, want)) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
		if want == "" && got.Status != 0 {
			t.Errorf("%s: %+v", args, got)
		}
		try(t, "berthctl", "destroy", "refused")
	}
	sparesReady(t)
	if after := len(descriptors(t, daemon)); after > before {
		t.Errorf("the daemon has %d descriptors, %d before", after, before)
	}
}

func tenThousand(f *os.File) []client.Passed {
	list := make([]client.Passed, 10000)
	for i := range list {
		list[i] = client.Passed{File: f}
	}
	return list
}
