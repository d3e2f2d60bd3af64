//go:build clients

package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestVirtManager: virt-manager, on a screen in memory, lists the containers with their states, and shows when one is
// stopped.
func TestVirtManager(t *testing.T) {
	busy(t)
	define(t, "web", idle, "")
	for name, value := range map[string]string{
		"DISPLAY": ":7", "HOME": t.TempDir(), "XDG_RUNTIME_DIR": t.TempDir(), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8",
	} {
		t.Setenv(name, value)
	}
	address := filepath.Join(t.TempDir(), "bus")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+address)
	background(t, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=unix:path="+address)
	background(t, "Xvfb", ":7", "-screen", "0", "1024x700x24", "-nolisten", "tcp")
	eventually(t, func() error {
		for _, path := range []string{address, "/tmp/.X11-unix/X7"} {
			if _, err := os.Stat(path); err != nil {
				return err
			}
		}
		return nil
	})
	background(t, "virt-manager", "--no-fork", "--connect", "lxc:///system")

	// screen is what assistive programs read of the window.
	screen := func() string {
		return try(t, "timeout", "120", "python3", filepath.Join(here, "testdata/screen.py")).Out
	}
	shows := func(lines ...string) {
		t.Helper()
		eventually(t, func() error {
			text := screen()
			for _, line := range lines {
				if !containsLine(text, line) {
					return fmt.Errorf("there is no %q in:\n%s", line, text)
				}
			}
			return nil
		})
	}
	shows(`table cell: "LXC"`, `table cell: "busy\nRunning"`, `table cell: "web\nShutoff"`)
	virsh(t, "start web")
	shows(`table cell: "web\nRunning"`)
	virsh(t, "suspend web")
	shows(`table cell: "web\nPaused"`)
	virsh(t, "destroy web")
	virsh(t, "undefine web")
	eventually(t, func() error {
		if text := screen(); containsLine(text, `table cell: "web\nShutoff"`) || containsLine(text, `table cell: "web\nPaused"`) {
			return fmt.Errorf("web is still there:\n%s", text)
		}
		return nil
	})
}
