//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestContainerUnitOfRunning: `systemctl start berth@NAME` takes a container that was started by hand: it runs on, also
// under the next daemon, its end ends the unit, and a stop of the unit ends it in order. One that another unit started
// stays that one's.
func TestContainerUnitOfRunning(t *testing.T) {
	clean(t)
	const unit = "berth@byhand.service"
	g := script(t, "byhand", `trap 'echo bye; exit 0' TERM
echo ready
while :; do sleep 0.1; done`)
	g.define(t)
	t.Cleanup(func() {
		try(t, "systemctl", "stop", unit)
		try(t, "systemctl", "reset-failed", unit)
	})
	begin := func() uint32 {
		t.Helper()
		run(t, "berthctl", "start", g.Name)
		says(t, g.Name, "ready")
		first := info(t, g.Name).Leader
		run(t, "systemctl", "start", unit)
		if i := info(t, g.Name); i.Leader != first || i.State != "running" || active(t, unit) != "active" {
			t.Errorf("after the start of the unit: %s, %+v", active(t, unit), i)
		}
		return first
	}
	begin()
	run(t, "systemctl", "stop", unit)
	if i := info(t, g.Name); i.State != "shutoff" || i.LastExit.Kind != "exited" {
		t.Errorf("after the stop of the unit: %+v", i)
	}
	if got := run(t, "berthctl", "console-log", g.Name); !strings.Contains(got, "bye") {
		t.Errorf("it was not asked to end: %q", got)
	}
	first := begin()
	run(t, "systemctl", "restart", "berthd.service")
	if i := info(t, g.Name); i.Leader != first || active(t, unit) != "active" {
		t.Errorf("after a restart of the daemon: %s, %+v", active(t, unit), i)
	}
	run(t, "berthctl", "destroy", g.Name)
	eventually(t, func() error { return is(active(t, unit), "inactive") })
	if got := journal(t, "--unit", unit, "--output", "cat"); strings.Count(got, "notice: domain 'byhand' ran already, and belongs to "+unit+" now") != 2 {
		t.Errorf("its journal has %s", got)
	}
	if list := errorsOf(t, unit); list != nil {
		t.Errorf("its journal has %q", list)
	}
	run(t, "berthctl", "start", g.Name, "--unit", "other.service")
	if got := try(t, "systemctl", "start", unit); got.Status == 0 {
		t.Error("a unit has the container of another")
	}
	if list := strings.Join(errorsOf(t, unit), "\n"); !strings.Contains(list, "error: domain 'byhand' is already active, and belongs to other.service; stop that, then start "+unit) {
		t.Errorf("its journal has %s", list)
	}
	run(t, "berthctl", "destroy", g.Name)
}
