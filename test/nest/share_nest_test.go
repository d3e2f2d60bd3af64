//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// shared puts elements into <lxc:namespace>.
func shared(elements string) string {
	return "<namespace xmlns='http://libvirt.org/schemas/domain/lxc/1.0'>" + elements + "</namespace>"
}

// sameNamespaces checks which namespaces two processes have in common.
func sameNamespaces(t *testing.T, a, b int, want string) {
	t.Helper()
	var got []string
	for _, kind := range []string{"ipc", "mnt", "net", "pid", "user", "uts"} {
		if readlink(t, proc(a, "ns/"+kind)) == readlink(t, proc(b, "ns/"+kind)) {
			got = append(got, kind)
		}
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("common are %q, want %q", s, want)
	}
}

// TestShareWithContainer: each kind of namespace is shared by the other container's name, alone and
// with others. The other's end hurts nobody.
func TestShareWithContainer(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct{ more, common string }{
		"net":                   {shared("<sharenet type='name' value='db'/>"), "net user"},
		"ipc":                   {shared("<shareipc type='name' value='db'/>"), "ipc user"},
		"uts":                   {shared("<shareuts type='name' value='db'/>"), "user uts"},
		"all":                   {shared("<sharenet type='name' value='db'/><shareipc type='name' value='db'/><shareuts type='name' value='db'/>"), "ipc net user uts"},
		"net, beside a privnet": {"<features><privnet/></features>" + shared("<sharenet type='name' value='db'/>"), "net user"},
		"net, mapped":           {idmap + shared("<sharenet type='name' value='db'/>"), "net"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			db := sleeper(t, "db")
			db.More = "<features><privnet/></features>"
			db.start(t)
			web := script(t, "web", `(echo up > /sys/class/net/lo/ifalias) && echo written
echo "$(grep -c ' /sys/fs/\(bpf\|pstore\|fuse\)\| /sys/kernel/.*fs ' /proc/mounts) of the host"
echo "sys=$(ls /sys/class/net | tr '\n' .) host=$(hostname)"; exec sleep 1000`)
			web.More = c.more
			web.start(t)
			sameNamespaces(t, int(info(t, "db").Leader), int(info(t, "web").Leader), c.common)
			host := "host=web"
			if strings.Contains(c.common, "uts") {
				host = "host=db"
			}
			said := says(t, "web", host)
			if strings.Contains(c.common, "net") && !strings.Contains(said, "sys=lo. ") {
				t.Errorf("/sys shows another's network:\n%s", said)
			}
			if strings.Contains(said, "written") || !strings.Contains(said, "0 of the host") {
				t.Errorf("/sys can be written to, or has the host's mounts:\n%s", said)
			}
			if got := run(t, "nsenter", "-t", pidOf(info(t, "db").Leader), "-u", "hostname"); got != "db" {
				t.Errorf("the other is called %q now", got)
			}
			// Its supervisor is where it was.
			sameNamespaces(t, os.Getpid(), keeperOf(info(t, "web")), "ipc mnt net pid user uts")
			run(t, "berthctl", "destroy", "db")
			killDaemon(t)
			if i := info(t, "web"); i.State != "running" {
				t.Errorf("after the other's end it is %s", i.State)
			}
		})
	}
}

// TestShareWithMapped: a container that joins another's user-namespaced network gets no rights over
// it that are not its own.
func TestShareWithMapped(t *testing.T) {
	clean(t)
	db := sleeper(t, "db")
	db.More = idmap + "<features><privnet/></features>"
	db.start(t)
	const all = "<sharenet type='name' value='db'/><shareipc type='name' value='db'/><shareuts type='name' value='db'/>"
	other := strings.NewReplacer("100000", "300000", "200000", "400000").Replace(idmap)
	for name, c := range map[string]struct{ more, common string }{
		"no map":      {shared(all), "ipc net uts"},
		"same map":    {idmap + shared(all), "ipc net uts"},
		"another map": {other + shared(all), "ipc net uts"},
	} {
		t.Run(name, func(t *testing.T) {
			g := script(t, "web", `[ $(readlink /proc/self/ns/user) = "`+readlink(t, "/proc/self/ns/user")+`" ] || hostname mine
(echo up > /sys/class/net/lo/ifalias) && echo written
echo "sys=$(ls /sys/class/net | tr '\n' .) host=$(hostname)"; exec sleep 1000`)
			g.More = c.more
			g.start(t)
			sameNamespaces(t, int(info(t, "db").Leader), int(info(t, "web").Leader), c.common)
			said := says(t, "web", "sys=lo. host=db")
			if strings.Contains(said, "written") {
				t.Errorf("it writes to what is another's:\n%s", said)
			}
			run(t, "berthctl", "destroy", "web")
			run(t, "berthctl", "undefine", "web")
		})
	}
}

// TestShareWithImages: a container in a shared network sees that network in /sys, also with images
// as its root and data.
func TestShareWithImages(t *testing.T) {
	clean(t)
	db := sleeper(t, "db")
	db.More = "<features><privnet/></features>"
	db.start(t)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "file"), []byte("kept "), 0o644); err != nil {
		t.Fatal(err)
	}
	g := script(t, "web", `echo "$(cat /data/file)$(stat -c '%n %u' /bin) sys=$(ls /sys/class/net | tr '\n' .) THE END"; exec sleep 1000`)
	g.Devs = "<filesystem type='file'><source file='" + image(t, g.Root) + "'/><target dir='/'/></filesystem>" + imageFS(image(t, data), "")
	g.Root, g.More = "", idmap+shared("<sharenet type='name' value='db'/>")
	g.start(t)
	if said := says(t, "web", "THE END"); !strings.Contains(said, "kept /bin 0 sys=lo. THE END") {
		t.Errorf("it said:\n%s", said)
	}
	run(t, "berthctl", "destroy", "web")
	unlooped(t)
}

// TestShareWithPaused: a frozen container's namespaces can be shared, also by a later daemon.
func TestShareWithPaused(t *testing.T) {
	clean(t)
	db := sleeper(t, "db")
	db.More = "<features><privnet/></features>"
	db.start(t)
	run(t, "berthctl", "suspend", "db")
	for _, name := range []string{"web", "later"} {
		g := sleeper(t, name)
		g.More = shared("<sharenet type='name' value='db'/><shareuts type='name' value='db'/>")
		g.start(t)
		sameNamespaces(t, int(info(t, "db").Leader), int(info(t, name).Leader), "net user uts")
		killDaemon(t)
	}
	if i := info(t, "db"); i.State != "paused" {
		t.Errorf("it is %s", i.State)
	}
}

// TestShareWithProcess: namespaces are shared by a pid of the host, and by a name of ip-netns(8).
func TestShareWithProcess(t *testing.T) {
	clean(t)
	run(t, "ip", "netns", "add", "red")
	t.Cleanup(func() {
		run(t, "ip", "netns", "delete", "red")
		unmount(t, "/run/netns") // which ip-netns(8) mounts on itself
	})
	t.Run("netns", func(t *testing.T) {
		clean(t)
		g := sleeper(t, "web")
		g.More = shared("<sharenet type='netns' value='red'/>")
		g.start(t)
		in, err := os.Stat("/run/netns/red")
		if err != nil {
			t.Fatal(err)
		}
		if own, err := os.Stat(proc(int(info(t, "web").Leader), "ns/net")); err != nil || !os.SameFile(in, own) {
			t.Errorf("it is not in red: %v", err)
		}
	})
	t.Run("ipc by pid", func(t *testing.T) {
		clean(t)
		db := sleeper(t, "db")
		db.start(t)
		leader := info(t, "db").Leader
		g := sleeper(t, "web")
		g.More = shared("<shareipc type='pid' value='" + pidOf(leader) + "'/>")
		g.start(t)
		sameNamespaces(t, int(leader), int(info(t, "web").Leader), "ipc net user")
		queue := run(t, "nsenter", "-t", pidOf(leader), "-i", "ipcmk", "-Q")
		id := queue[strings.LastIndex(queue, " ")+1:]
		run(t, "nsenter", "-t", pidOf(info(t, "web").Leader), "-i", "ipcrm", "-q", id) // it sees the other's
	})
	t.Run("pid", func(t *testing.T) {
		clean(t)
		g := sleeper(t, "web")
		g.More = "<features><privnet/></features>" + shared("<sharenet type='pid' value='"+strconv.Itoa(os.Getpid())+"'/><shareuts type='pid' value='1'/>")
		before := run(t, "hostname")
		g.start(t)
		sameNamespaces(t, os.Getpid(), int(info(t, "web").Leader), "net user uts")
		if after := run(t, "hostname"); after != before {
			t.Errorf("the host was called %q, and now is %q", before, after)
		}
	})
}
