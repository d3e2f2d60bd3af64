//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"testing"
)

// busyboxGuest is a guest with busybox's init, which waits for signals by sigtimedwait(2). It says up and down.
func busyboxGuest(t testing.TB) guest {
	t.Helper()
	g := guest{Name: "web", Root: busybox(t), Init: "/sbin/init"}
	if err := os.MkdirAll(filepath.Join(g.Root, "sbin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../bin/busybox", filepath.Join(g.Root, "sbin/init")); err != nil {
		t.Fatal(err)
	}
	const inittab = "::sysinit:/bin/echo up\n::respawn:/bin/sleep 100000\n::shutdown:/bin/echo down\n"
	if err := os.WriteFile(filepath.Join(g.Root, "etc/inittab"), []byte(inittab), 0o600); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestBusyboxEnds: busybox's init, which reboots upon SIGTERM, is off after a shutdown and runs again after a reboot.
func TestBusyboxEnds(t *testing.T) {
	clean(t)
	for name, again := range map[string]bool{
		"shutdown web": false, "shutdown web --mode signal": false, "reboot web": true, "reboot web --mode signal": true,
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := busyboxGuest(t)
			g.start(t)
			says(t, "web", "up")
			before := info(t, "web")
			run(t, "sh", "-c", "berthctl "+name+" --wait --timeout 60")
			after := info(t, "web")
			if on := after.State == "running"; on != again || after.Leader == before.Leader {
				t.Errorf("it was %+v, and is %+v", before, after)
			}
			if !again {
				says(t, "web", "down")
			}
		})
	}
}
