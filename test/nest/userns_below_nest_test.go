//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMountsBelowMappedRoot: what a chroot left mounted where the container has mounts of its own does not stop a
// start with a user namespace. Another mount that cannot be mapped is named.
func TestMountsBelowMappedRoot(t *testing.T) {
	clean(t)
	root := busybox(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	mounts := func(t *testing.T, args ...[]string) {
		for _, a := range args {
			target := filepath.Join(root, a[len(a)-1])
			if err := os.MkdirAll(target, 0o755); err != nil {
				t.Fatal(err)
			}
			run(t, "mount", append(a[:len(a)-1:len(a)-1], target)...)
			t.Cleanup(func() { run(t, "umount", "-R", target) })
		}
	}
	proc := []string{"-t", "proc", "proc", "proc"}
	for name, c := range map[string]struct {
		mounts [][]string
		root   string
		says   []string // nothing: it starts
	}{
		"a chroot's":       {[][]string{proc, proc, {"--rbind", "/sys", "sys"}, {"--rbind", "/dev", "dev"}, {"-t", "tmpfs", "tmpfs", "run"}}, root, nil},
		"through a link":   {[][]string{proc}, link, nil},
		"one that can be":  {[][]string{{"-t", "tmpfs", "tmpfs", "srv/a b"}}, root, nil},
		"one more":         {[][]string{proc, {"-t", "proc", "proc", "srv/a b"}}, root, []string{"the proc mounted on " + root + "/srv/a b does not support"}},
		"through the link": {[][]string{{"-t", "proc", "proc", "srv/c"}}, link, []string{"the proc mounted on " + root + "/srv/c does not support"}},
		"three":            {[][]string{{"-t", "proc", "proc", "srv/c"}, {"-t", "sysfs", "sysfs", "srv/d"}, {"-t", "proc", "proc", "srv/e"}}, root, []string{root + "/srv/c, as well as 2 more mounts, does"}},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			mounts(t, c.mounts...)
			g := guest{Name: "web", Root: c.root, Init: "/bin/sleep", Args: "<initarg>1000</initarg>", More: idmap}
			r := try(t, "berthctl", "create", g.file(t))
			if (r.Status == 0) != (c.says == nil) {
				t.Fatalf("%+v", r)
			}
			for _, want := range c.says {
				if !strings.Contains(r.Err, want) {
					t.Errorf("no %q in %s", want, r.Err)
				}
			}
			if r.Status == 0 {
				run(t, "berthctl", "destroy", "web")
			}
			for _, m := range c.mounts {
				run(t, "mountpoint", "-q", filepath.Join(root, m[len(m)-1])) // the host's own are still there
			}
		})
	}
}
