//go:build nest

package nest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestImageOfStranger: a user who may only read an image can lock it, and keeps no container from it. An image that is
// in a container, or that a loop device of the host shows, is in use also for a daemon that was started since.
func TestImageOfStranger(t *testing.T) {
	clean(t)
	file := image(t, t.TempDir())
	for dir := filepath.Dir(file); dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "flock", "--no-fork", "--exclusive", file, "sh", "-c", "echo locked; exec sleep 1000")
	said, err := holder.StdoutPipe()
	if err == nil {
		err = holder.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = holder.Process.Kill(), holder.Wait() })
	if n, err := said.Read(make([]byte, 16)); err != nil || n == 0 {
		t.Fatalf("the stranger has no lock: %v", err)
	}
	a, b := sleeper(t, "one"), sleeper(t, "two")
	a.Devs, b.Devs = imageFS(file, ""), imageFS(file, "<readonly/>")
	run(t, "berthctl", "create", a.file(t))
	run(t, "systemctl", "restart", "berthd")
	const refused = ": it is in use by a container"
	if r := try(t, "berthctl", "create", b.file(t)); r.Status == 0 || !strings.Contains(r.Err, file+refused) {
		t.Errorf("after a restart: %+v", r)
	}
	run(t, "berthctl", "destroy", "one")
	unlooped(t)
	name := run(t, "losetup", "--find", "--show", "--read-only", file)
	run(t, "systemctl", "restart", "berthd")
	if r := try(t, "berthctl", "create", a.file(t)); r.Status == 0 || !strings.Contains(r.Err, file+refused) {
		t.Errorf("beside a loop device of the host: %+v", r)
	}
	run(t, "berthctl", "create", b.file(t)) // both only read
	run(t, "berthctl", "destroy", "two")
	run(t, "losetup", "--detach", name)
	run(t, "berthctl", "create", a.file(t))
	run(t, "berthctl", "destroy", "one")
	unlooped(t)
}
