//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bystander is a directory of the host that no container has to do with, and a look at all that
// there is to see of it: names, numbers, modes, sizes and times.
func bystander(t *testing.T) (dir string, look func() string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"dev", "initctl", "null", "attr", "deep"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("the host's\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func() string {
		t.Helper()
		return run(t, "find", dir, "-printf", `%p %y %i %m %U:%G %s %T@ %C@\n`)
	}
}

// replace puts a link where something of a root was.
func replace(t *testing.T, target, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// TestContainerSwapsItsPaths: no operation on a running container follows a link to the host's files,
// although the container swaps its paths for links all the while (CVE-2013-6456: the host followed
// them by /proc/PID/root).
func TestContainerSwapsItsPaths(t *testing.T) {
	clean(t)
	dir, look := bystander(t)
	before := look()
	const swap = `umount -l /dev/console /dev/pts /run/host /run /dev /proc/sys /proc; rm -rf /run /dev; echo THE END; exec >&- 2>&-
while :; do for d in /run /dev /proc /tmp /etc; do rm -rf $d; ln -s OUTSIDE $d; done; rm -rf /etc; mkdir /etc
ln -s OUTSIDE/initctl /etc/.initctl; ln -s ../../../../../../../../OUTSIDE/dev /etc/machine-id; ln -s OUTSIDE/null /etc/os-release; done`
	for name, c := range map[string]struct {
		shape, end string
	}{
		"absolute, destroy":   {"", "berthctl destroy web"},
		"climbing, terminate": {"../../../../../../../..", "machinectl terminate web"},
		"absolute, stop":      {"", "systemctl stop machine-web.scope"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", strings.ReplaceAll(swap, "OUTSIDE", c.shape+dir))
			g.start(t)
			says(t, "web", "THE END")
			for _, link := range []string{"run", "dev", "proc"} {
				eventually(t, func() error { // it is swapped all the while
					_, err := os.Readlink(proc(int(info(t, "web").Leader), "root/"+link))
					return err
				})
			}
			for range 5 {
				for _, verb := range []string{"suspend", "resume", "dominfo", "dumpxml", "console-log", "domstate"} {
					run(t, "berthctl", verb, "web")
				}
				try(t, "machinectl", "status", "web")
			}
			run(t, "sh", "-c", c.end)
			eventually(t, func() error {
				if i := info(t, "web"); i.State != "shutoff" {
					return fmt.Errorf("it is %s", i.State)
				}
				return nil
			})
		})
	}
	if after := look(); after != before {
		t.Errorf("the host's directory was\n%s\nand is\n%s", before, after)
	}
}

// TestImageBringsItsOwnProc: a root that brings mounts of its own where the kernel's file systems go gets
// the true ones over them (CVE-2019-19921, CVE-2025-52881).
func TestImageBringsItsOwnProc(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{plain: "", userns: idmap, privnet: "<features><privnet/></features>"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: more}
			for _, dir := range []string{"proc", "sys", "dev", "run"} {
				at := filepath.Join(g.Root, dir)
				run(t, "mount", "-t", "tmpfs", "fake", at)
				t.Cleanup(func() { unmount(t, at) })
				for _, file := range []string{"self/attr/current", "sys/kernel/panic", "null", "fs/cgroup/cgroup.procs"} {
					if err := os.MkdirAll(filepath.Dir(filepath.Join(at, file)), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(at, file), []byte("fake\n"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := tell(t, g, `stat -f -c '%n %t' /proc /proc/sys /sys /sys/fs/cgroup /dev; [ -c /dev/null ] && echo node; cat /proc/self/attr/current /dev/null 2>/dev/null | grep fake; cut -d/ -f2 /proc/1/cgroup | head -c 9`)
			want := "/proc 9fa0\n/proc/sys 9fa0\n/sys 62656572\n/sys/fs/cgroup 63677270\n/dev 1021994\nnode"
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			for _, dir := range []string{"proc", "sys", "dev", "run"} {
				if text, err := os.ReadFile(filepath.Join(g.Root, dir, "self/attr/current")); err != nil || string(text) != "fake\n" {
					t.Errorf("the fake %s was written to: %q, %v", dir, text, err)
				}
			}
		})
	}
}
