package agent

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/proto"
)

// TestMarks: the signals about a start become marks, each once and after the start.
func TestMarks(t *testing.T) {
	t.Parallel()
	signal := func(name string, body ...any) *dbus.Signal { return &dbus.Signal{Name: name, Body: body} }
	const systemd, machined = "org.freedesktop.systemd1.Manager.", "org.freedesktop.machine1.Manager."
	path := dbus.ObjectPath("/some/path")
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	events := []seen{
		{signal(systemd+"UnitNew", "machine-bench0.scope", path), at(90)},
		{signal(systemd+"UnitNew", "cron.service", path), at(101)},
		{signal(systemd+"UnitNew", "machine-bench1.scope", path), at(102)},
		{signal(systemd+"JobRemoved", uint32(1), path, "machine-bench1.scope", "done"), at(103)},
		{signal(machined+"MachineNew", "bench1", path), at(104)},
		{signal(machined+"MachineNew", "bench1", path), at(105)},
		{signal("org.berth1.Manager.Lifecycle", path, "started", "booted"), at(106)},
		{signal(systemd + "JobRemoved"), at(107)},
	}
	want := []proto.Mark{
		{What: "systemd knows the scope", At: 2},
		{What: "scope's job done", At: 3},
		{What: "registered with machined", At: 4},
		{What: "Lifecycle started", At: 6},
	}
	if diff := cmp.Diff(want, marks(events, at(100))); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}
