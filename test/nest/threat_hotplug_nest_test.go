//go:build nest

package nest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hostMark makes a directory of the host that must stay as it is.
func hostMark(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { empty(t, dir) })
	return dir
}

// empty fails the test if a directory has files, or if a file that is none exists.
func empty(t testing.TB, list ...string) {
	t.Helper()
	for _, dir := range list {
		if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s has %v, %v", dir, entries, err)
		}
	}
}

// TestHotPlugFollowsNoLink: whatever a container makes of its /dev, or of the place of a node, before and after a
// device comes or goes, also in a loop: no node of it comes to be on the host, or in a directory of the host that the
// container has, and none of the host's goes.
func TestHotPlugFollowsNoLink(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		for name, trick := range map[string]string{
			"absolute link":  "rm -rf /dev/net; ln -s HOST /dev/net",
			"relative link":  "rm -rf /dev/net; ln -s ../../../../../../../../../../../HOST /dev/net",
			"link up":        "rm -rf /dev/net; ln -s /../../.. /dev/net",
			"magic link":     "rm -rf /dev/net; ln -s MAGIC/HOST /dev/net",
			"link of a node": "mkdir -p /dev/net; rm -f /dev/net/tun; ln -s HOST/tun /dev/net/tun",
			"shared dir":     "rm -rf /dev/net; ln -s /shared /dev/net",
			"loop":           "while :; do rm -rf /dev/net; ln -s /shared /dev/net; rm -f /dev/net; ln -s HOST /dev/net; rm -f /dev/net; mkdir /dev/net; done & sleep 0.1",
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				clean(t)
				host, shared := hostMark(t), hostMark(t)
				var before unix.Stat_t
				if err := unix.Stat("/dev/net/tun", &before); err != nil {
					t.Fatal(err)
				}
				g := script(t, "web", aimed(trick, host)+"\necho DONE; exec sleep 100000")
				g.More, g.Devs = more, "<filesystem type='mount'><source dir='"+shared+"'/><target dir='/shared'/></filesystem>"
				if err := os.Chmod(shared, 0o777); err != nil {
					t.Fatal(err)
				}
				g.define(t)
				run(t, "berthctl", "start", "web")
				says(t, "web", "DONE")
				tun := xmlFile(t, miscXML("/dev/net/tun"))
				for range 20 {
					try(t, "berthctl", "attach-device", "web", tun)
					empty(t, host, shared, filepath.Join(g.Root, "tun"))
					try(t, "berthctl", "detach-device", "web", tun)
				}
				run(t, "berthctl", "destroy", "web")
				var after unix.Stat_t
				if err := unix.Stat("/dev/net/tun", &after); err != nil || after.Ino != before.Ino || after.Uid != before.Uid || after.Mode != before.Mode {
					t.Errorf("the host's node: %v, %+v, before %+v", err, after, before)
				}
			})
		}
	}
}

// TestHotPlugSwappedNode: a file that a container puts in the place of a node of its device is left alone when that is
// detached.
func TestHotPlugSwappedNode(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.define(t)
	run(t, "berthctl", "start", "web")
	tun := xmlFile(t, miscXML("/dev/net/tun"))
	run(t, "berthctl", "attach-device", "web", tun)
	// What is in the node's place now is the container's own: it stays.
	within(t, "web", "rm /dev/net/tun; echo mine > /dev/net/tun")
	run(t, "berthctl", "detach-device", "web", tun)
	if got := within(t, "web", "cat /dev/net/tun"); got != "mine" {
		t.Errorf("%q", got)
	}
	run(t, "berthctl", "destroy", "web")
}

// aimed returns a trick with the directory of the host that it is to reach, also by the magic link of init's root.
func aimed(trick, host string) string {
	return strings.NewReplacer("MAGIC", proc(1, "root"), "HOST", host).Replace(trick)
}

// TestHotPlugMountFollowsNoLink: whatever a container makes of the place of a mount, also in a loop, a file system that
// is attached and detached there comes to be nowhere on the host, uncovers nothing that is hidden inside, and takes no
// directory of the host's away.
func TestHotPlugMountFollowsNoLink(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		for name, trick := range map[string]string{
			"absolute link":   "rm -rf /spot; ln -s HOST /spot",
			"relative link":   "rm -rf /spot; ln -s ../../../../../../../../HOST /spot",
			"magic link":      "rm -rf /spot; ln -s MAGIC/HOST /spot",
			"hidden":          "rm -rf /spot; ln -s /proc/sys /spot",
			"loop":            "while :; do rm -rf /spot; ln -s HOST /spot; rm -f /spot; mkdir -p /spot/x; done",
			"link afterwards": "while [ ! -d /spot/x ]; do sleep 0.01; done; sleep 0.2; mv /spot /moved; ln -s /proc/sys /spot",
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				clean(t)
				host, served := hostMark(t), t.TempDir()
				if err := errors.Join(os.Chmod(filepath.Dir(served), 0o755), os.WriteFile(filepath.Join(served, "file"), nil, 0o644)); err != nil {
					t.Fatal(err)
				}
				g := script(t, "web", "mkdir /spot\n( "+aimed(trick, host)+" ) & sleep 0.2\necho DONE; exec sleep 100000")
				g.More = more
				g.define(t)
				run(t, "berthctl", "start", "web")
				says(t, "web", "DONE")
				xml := xmlFile(t, fsXML("mount", "dir='"+served+"'", "/spot/x", "<readonly/>"))
				hidden := within(t, "web", "grep -c ' /proc' /proc/mounts")
				for range 5 {
					try(t, "berthctl", "attach-device", "web", xml)
					empty(t, host)
					try(t, "berthctl", "detach-device", "web", xml)
				}
				if got := within(t, "web", "grep -c ' /proc' /proc/mounts"); got < hidden {
					t.Errorf("%s mounts below /proc, before %s", got, hidden)
				}
				run(t, "berthctl", "destroy", "web")
				if _, err := os.Stat(filepath.Join(served, "file")); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
