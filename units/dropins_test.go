package units

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/plan"
)

// TestRead: what systemd says of resources becomes those that it was told, with all numbers set.
func TestRead(t *testing.T) {
	t.Parallel()
	n := func(n uint64) *uint64 { return &n }
	want := plan.Resources{
		MemoryMax: n(1), MemoryHigh: n(2), MemorySwapMax: n(Infinity), MemoryLow: n(0), MemoryMin: n(5), CPUWeight: n(0), CPUQuotaPerSec: n(6),
		CPUQuotaPeriod: n(7), AllowedCPUs: []int{0, 9}, AllowedNodes: []int{1}, TasksMax: n(8), IOWeight: n(9), IODeviceWeight: []plan.DeviceFigure{{Path: "/dev/a", Figure: 1}},
		IOReadBPS: []plan.DeviceFigure{{Path: "/dev/a", Figure: 2}}, IOWriteBPS: []plan.DeviceFigure{{Path: "/dev/a", Figure: 3}}, IOReadIOPS: []plan.DeviceFigure{{Path: "/dev/a", Figure: 4}},
		IOWriteIOPS: []plan.DeviceFigure{{Path: "/dev/a", Figure: 5}}, IOLatency: []plan.DeviceFigure{{Path: "/dev/a", Figure: 6}, {Path: "/dev/b", Figure: 7}},
	}
	all := map[string]dbus.Variant{"Slice": dbus.MakeVariant("machine.slice")}
	for _, p := range resourceProperties(&want) {
		all[p.Name] = p.Value
	}
	got, err := read(all)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, want (-), got (+):\n%s", err, diff)
	}
	all["MemoryMax"] = dbus.MakeVariant("1G")
	if _, err := read(all); err == nil {
		t.Error("a word as MemoryMax is no error")
	}
}
