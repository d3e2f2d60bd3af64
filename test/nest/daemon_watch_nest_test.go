//go:build nest

package nest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// override gives a unit settings of its own until the test's end.
func override(t *testing.T, unit, text string) {
	t.Helper()
	dir := "/run/systemd/system/" + unit + ".d"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/test.conf", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "systemctl", "daemon-reload")
	t.Cleanup(func() {
		_ = os.RemoveAll(dir)
		run(t, "systemctl", "daemon-reload")
	})
}

// TestLogLevel: systemctl reads and changes the level and the target of the log while berthd runs, and a level that
// does not exist changes nothing.
func TestLogLevel(t *testing.T) {
	clean(t)
	run(t, "systemctl", "restart", "berthd")
	if got := run(t, "systemctl", "service-log-level", "berthd.service"); got != "info" {
		t.Errorf("the level is %s", got)
	}
	if got := run(t, "systemctl", "service-log-target", "berthd.service"); got != "journal" {
		t.Errorf("the target is %s", got)
	}
	acquired := func() int {
		return len(journaled(t, "--unit=berthd", "OPERATION=init", "PRIORITY=7", "CONTAINER_NAME=verbose"))
	}
	g := sleeper(t, "verbose")
	g.start(t)
	run(t, "berthctl", "destroy", "verbose")
	if n := acquired(); n != 0 {
		t.Errorf("%d debug records at the level info", n)
	}
	run(t, "systemctl", "service-log-level", "berthd.service", "debug")
	if got := try(t, "busctl", "set-property", "org.berth1", "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1", "LogLevel", "s", "loud"); got.Status == 0 {
		t.Error("there is a level loud")
	}
	if got := run(t, "systemctl", "service-log-level", "berthd.service"); got != "debug" {
		t.Errorf("the level is %s", got)
	}
	run(t, "berthctl", "start", "verbose")
	if n := acquired(); n != 1 {
		t.Errorf("%d debug records of the part init at the level debug", n)
	}
	run(t, "systemctl", "restart", "berthd")
}

// TestStatusOfDaemon: systemctl shows how many containers there are in each state.
func TestStatusOfDaemon(t *testing.T) {
	clean(t)
	status := func(want string) {
		t.Helper()
		eventually(t, func() error {
			if got := run(t, "systemctl", "show", "--property=StatusText", "--value", "berthd"); got != want {
				return fmt.Errorf("the status is %q, not %q", got, want)
			}
			return nil
		})
	}
	run(t, "systemctl", "restart", "berthd")
	status("No containers.")
	sleeper(t, "one").start(t)
	sleeper(t, "two").start(t)
	status("Containers: 2 running.")
	run(t, "berthctl", "suspend", "one")
	run(t, "berthctl", "destroy", "two")
	status("Containers: 1 paused, 1 shutoff.")
	run(t, "systemctl", "restart", "berthd")
	status("Containers: 1 paused, 1 shutoff.")
}

// TestWatchdog: a berthd that answers is left alone. One that hangs is ended with what its goroutines did in the
// journal, and started again, and no container notices.
func TestWatchdog(t *testing.T) {
	clean(t)
	run(t, "systemctl", "restart", "berthd")
	if got := run(t, "systemctl", "show", "--property=WatchdogUSec", "--value", "berthd"); got != "3min" {
		t.Errorf("the shipped unit has WatchdogSec=%s", got)
	}
	override(t, "berthd.service", "[Service]\nWatchdogSec=4s\n")
	run(t, "systemctl", "restart", "berthd")
	sleeper(t, "lives").start(t)
	before := info(t, "lives")
	pid := daemon(t)
	told := map[string]bool{}
	eventually(t, func() error { // longer than the watchdog's time
		told[run(t, "systemctl", "show", "--property=WatchdogTimestampMonotonic", "--value", "berthd")] = true
		if len(told) < 4 {
			return fmt.Errorf("the watchdog was told at %v", told)
		}
		return nil
	})
	if now := daemon(t); now != pid {
		t.Errorf("berthd was %d and is %d", pid, now)
	}
	run(t, "kill", "-STOP", fmt.Sprint(pid))
	eventually(t, func() error {
		got := run(t, "systemctl", "show", "--property=MainPID", "--property=ActiveState", "berthd")
		if strings.Contains(got, fmt.Sprintf("MainPID=%d\n", pid)) || !strings.Contains(got, "ActiveState=active") {
			return fmt.Errorf("berthd is %s", got)
		}
		return nil
	})
	if got := journal(t, "--output=cat", "--unit=berthd"); !strings.Contains(got, "Watchdog timeout") {
		t.Errorf("the journal has no word of the watchdog")
	}
	if after := info(t, "lives"); after.Leader != before.Leader || after.State != "running" {
		t.Errorf("the container is %s with init %d, not %d", after.State, after.Leader, before.Leader)
	}
}

// TestWatchdogLetsIdleEnd: the calls by which berthd proves that it lives do not keep it from ending when nobody needs
// it.
func TestWatchdogLetsIdleEnd(t *testing.T) {
	clean(t)
	override(t, "berthd.service", "[Service]\nWatchdogSec=2s\n")
	configure(t, "[Daemon]\nIdleTimeoutSec=3\n")
	run(t, "berthctl", "list")
	eventually(t, func() error {
		if got := try(t, "systemctl", "is-active", "berthd.service"); got.Out != "inactive" {
			return fmt.Errorf("berthd is %s", got.Out)
		}
		return nil
	})
	if got := run(t, "systemctl", "show", "--property=Result", "--value", "berthd"); got != "success" {
		t.Errorf("it has ended with %s", got)
	}
}
