//go:build nest

package nest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestForeignScope: another's scope with the unit name that a container needs makes the start
// fail, and goes on.
func TestForeignScope(t *testing.T) {
	clean(t)
	const scope = "machine-web.scope"
	foreign := exec.Command("systemd-run", "--quiet", "--scope", "--unit="+scope, "--slice=machine.slice", "sleep", "1000")
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run(t, "systemctl", "stop", scope)
		_ = foreign.Wait()
	})
	eventually(t, func() error {
		_, err := os.Stat("/sys/fs/cgroup/machine.slice/" + scope)
		return err
	})
	sleeper(t, "web").define(t)
	if r := try(t, "berthctl", "start", "web"); r.Status != 1 || !strings.Contains(r.Err, scope) {
		t.Errorf("start: %+v", r)
	}
	if got := units(t, scope); len(got) != 1 || got[0].Sub != "running" {
		t.Errorf("the other's scope is %v", got)
	}
}

// TestForeignRegistration: another's machine with the container's name makes the start fail, and
// stays registered.
func TestForeignRegistration(t *testing.T) {
	clean(t)
	const scope = "other.scope"
	foreign := exec.Command("systemd-run", "--quiet", "--scope", "--unit="+scope, "sleep", "1000")
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run(t, "systemctl", "stop", scope)
		_ = foreign.Wait()
	})
	eventually(t, func() error {
		group, err := os.ReadFile("/proc/" + pidOf(uint32(foreign.Process.Pid)) + "/cgroup")
		if err == nil && !strings.Contains(string(group), scope) {
			err = errors.New("the foreign process is not in its scope")
		}
		return err
	})
	run(t, "busctl", "call", "org.freedesktop.machine1", "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager",
		"RegisterMachine", "sayssus", "web", "0", "test", "container", pidOf(uint32(foreign.Process.Pid)), "")
	sleeper(t, "web").define(t)
	if r := try(t, "berthctl", "start", "web"); r.Status != 1 || !strings.Contains(r.Err, "machine") {
		t.Errorf("start: %+v", r)
	}
	if got := machines(t); len(got) != 1 || got[0].Service != "test" {
		t.Errorf("machined knows %v", got)
	}
}

// TestSecondDaemon: a second berthd ends at once, and takes no container from the first, also not
// one that an earlier daemon started.
func TestSecondDaemon(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	killDaemon(t)
	before := info(t, "web")
	if r := try(t, "/usr/sbin/berthd"); r.Status != 1 || !strings.Contains(r.Err, "berthd") {
		t.Errorf("the second: %+v", r)
	}
	run(t, "sleep", "11") // longer than a supervisor's last moments may take
	if after := info(t, "web"); after.State != "running" || after.Leader != before.Leader {
		t.Errorf("it is %s/%s, leader %d", after.State, after.StateReason, after.Leader)
	}
	run(t, "machinectl", "terminate", "web")
	becomes(t, "web", "shutoff/shutdown")
}
