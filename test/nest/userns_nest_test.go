//go:build nest

package nest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const idmap = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>"

// owners lists who owns each file of a tree.
func owners(t testing.TB, root string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		list = append(list, strings.TrimPrefix(path, root)+" "+pidOf(st.Uid)+":"+pidOf(st.Gid))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestUserNamespace: with a user namespace root inside has its rights inside only, and the owners
// on disk stay as they are.
func TestUserNamespace(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{"host network": idmap, "privnet": idmap + "<features><privnet/></features>"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: more}
			if err := os.WriteFile(filepath.Join(g.Root, "init"), nil, 0o755); err != nil { // tell fills it
				t.Fatal(err)
			}
			before := owners(t, g.Root)
			got := tell(t, g, `id -u; cat /proc/self/uid_map /proc/self/gid_map; stat -c '%n %u:%g' /bin /init /dev/pts/0 /dev/null /sys/fs/cgroup/cgroup.procs
echo x > /dev/null && echo null; touch /mine && stat -c '%u:%g' /mine; rm /mine; chown 1000 /tmp && chown 0 /tmp && echo chown; mount -t tmpfs none /mnt && echo mount
cat /proc/self/setgroups; mkdir /sys/fs/cgroup/sub && echo $$ > /sys/fs/cgroup/sub/cgroup.procs && echo cgroup; echo 1 > /sys/fs/cgroup/memory.max 2>&1; hostname`)
			for _, want := range []string{
				"0\n", "0     100000      65536", "0     200000      65536", "/bin 0:0", "/init 0:0", "/dev/pts/0 0:5", "cgroup.procs 0:0",
				"\nnull\n0:0\nchown\nmount\nallow\ncgroup\n", "\nweb",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
			if after := owners(t, g.Root); !slices.Equal(before, after) {
				t.Errorf("owners on disk changed:\n%v\n%v", before, after)
			}
		})
	}
}

// TestUserNamespaceOutside: to the host, init of a user namespace is the mapped user, and can be
// suspended, resumed and stopped.
func TestUserNamespaceOutside(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = idmap
	g.start(t)
	i := info(t, "web")
	var st syscall.Stat_t
	if err := syscall.Stat(proc(int(i.Leader), ""), &st); err != nil || st.Uid != 100000 || st.Gid != 200000 {
		t.Errorf("init is %d:%d, %v", st.Uid, st.Gid, err)
	}
	if own, err := os.Readlink("/proc/self/ns/user"); err != nil || own == readlink(t, proc(int(i.Leader), "ns/user")) {
		t.Errorf("init is in the host's user namespace")
	}
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "resume", "web")
	run(t, "machinectl", "terminate", "web")
	becomes(t, "web", "shutoff/shutdown")
}

func readlink(t testing.TB, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return target
}
