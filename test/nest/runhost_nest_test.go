//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunHost: /run/host has the three files of systemd's container interface, read-only, in each
// kind of container.
func TestRunHost(t *testing.T) {
	clean(t)
	const uuid = "0c5a7c3e-0c0f-4d8e-9f65-2f0a3c1b9d4e"
	osRelease, err := os.ReadFile("/etc/os-release")
	if err != nil {
		t.Fatal(err)
	}
	want := "container-manager\ncontainer-uuid\nos-release\nlibvirt-lxc\n" + uuid + "\n" + strings.TrimSpace(string(osRelease)) +
		"\n/run tmpfs rw,nosuid,nodev\n/run/host tmpfs ro,nosuid,nodev,noexec\n0:0 444\nstays read-only"
	for name, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), More: "<uuid>" + uuid + "</uuid>" + more}, `cd /run/host; ls -1; cat container-manager container-uuid os-release
sed -nE 's/^[^ ]* (\/run[^ ]*) ([^ ]*) ([^ ]*(nodev|noexec)).*/\1 \2 \3/p' /proc/mounts; stat -c '%u:%g %a' os-release; touch /run/mine && ! touch mine 2>/dev/null && echo stays read-only`)
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestRunHostLeftOut: a shared root keeps the host's /run, and a read-only root without a /run
// starts.
func TestRunHostLeftOut(t *testing.T) {
	clean(t)
	before := mounts(t, 0)
	if got := tell(t, guest{Name: "shared"}, "[ -S /run/systemd/private ] && echo the host\\'s; ls -d /run/host 2>&1"); !strings.Contains(got, "the host's") || !strings.Contains(got, "cannot access") {
		t.Errorf("a shared root has %q", got)
	}
	if _, err := os.Lstat("/run/host"); err == nil || len(mounts(t, 0)) != len(before) {
		t.Errorf("the host has /run/host (%v), and the mounts %v", err, mounts(t, 0))
	}
	g := script(t, "web", "ls -d /run; echo THE END; exec sleep 100000")
	if err := os.Remove(filepath.Join(g.Root, "run")); err != nil {
		t.Fatal(err)
	}
	g.start(t)
	run(t, "berthctl", "destroy", "web")
	run(t, "berthctl", "undefine", "web")
	if err := os.Remove(filepath.Join(g.Root, "run")); err != nil { // it was made: the root is writable
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ro.xml")
	if err := os.WriteFile(file, []byte(strings.Replace(g.xml(), "<target dir='/'/>", "<target dir='/'/><readonly/>", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "create", file)
	t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
	if got := says(t, "web", "THE END"); !strings.Contains(got, "No such file") {
		t.Errorf("a read-only root without /run: %q", got)
	}
	run(t, "berthctl", "destroy", "web")
}
