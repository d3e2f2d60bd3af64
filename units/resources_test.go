package units

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/plan"
)

// everyResource has each of the resources, no two of them with the same figure.
func everyResource() plan.Resources {
	n := func(v uint64) *uint64 { return &v }
	d := func(v uint64) []plan.DeviceFigure { return []plan.DeviceFigure{{Path: "/dev/null", Figure: v}} }
	return plan.Resources{
		MemoryMax: n(96 << 20), MemoryHigh: n(80 << 20), MemorySwapMax: n(1 << 20), MemoryLow: n(8 << 20), MemoryMin: n(4 << 20),
		CPUWeight: n(200), CPUQuotaPerSec: n(500000), CPUQuotaPeriod: n(50000), AllowedCPUs: []int{0, 9}, AllowedNodes: []int{0}, TasksMax: n(77),
		IOWeight: n(300), IODeviceWeight: d(400), IOReadBPS: d(1000001), IOWriteBPS: d(1000002), IOReadIOPS: d(101), IOWriteIOPS: d(102),
		IOLatency: d(25000),
	}
}

// TestResourceProperties: each resource has systemd's name and type. One that is not set is not sent.
func TestResourceProperties(t *testing.T) {
	t.Parallel()
	var got []string
	r := everyResource()
	for _, p := range resourceProperties(&r) {
		got = append(got, fmt.Sprint(p.Name, " ", p.Value.Signature(), " ", p.Value.Value()))
	}
	want := strings.Split(`TasksMax t 77
MemoryMax t 100663296
MemoryHigh t 83886080
MemorySwapMax t 1048576
MemoryLow t 8388608
MemoryMin t 4194304
CPUWeight t 200
CPUQuotaPerSecUSec t 500000
CPUQuotaPeriodUSec t 50000
IOWeight t 300
AllowedCPUs ay [1 2]
AllowedMemoryNodes ay [1]
IODeviceWeight a(st) [{/dev/null 400}]
IOReadBandwidthMax a(st) [{/dev/null 1000001}]
IOWriteBandwidthMax a(st) [{/dev/null 1000002}]
IOReadIOPSMax a(st) [{/dev/null 101}]
IOWriteIOPSMax a(st) [{/dev/null 102}]
IODeviceLatencyTargetUSec a(st) [{/dev/null 25000}]`, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if list := resourceProperties(&plan.Resources{}); len(list) != 0 {
		t.Errorf("nothing became %v", list)
	}
}

// TestPlainScope: a scope without limits of its own gets machined's limit of tasks, and no other property of resources.
func TestPlainScope(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range (Scope{Name: "x.scope", PID: 1}).properties() {
		names = append(names, p.Name)
		if p.Name == "TasksMax" && p.Value.Value() != uint64(16384) {
			t.Errorf("TasksMax %v", p.Value)
		}
	}
	const want = "[Description Slice After PIDs Delegate CollectMode DevicePolicy DeviceAllow TimeoutStopUSec TasksMax]"
	if got := fmt.Sprint(names); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestChanges: only what differs is sent, and what is set no longer gets systemd's value for that.
func TestChanges(t *testing.T) {
	t.Parallel()
	n := func(v uint64) *uint64 { return &v }
	two := []plan.DeviceFigure{{Path: "/dev/a", Figure: 5}, {Path: "/dev/b", Figure: 6}}
	for name, tc := range map[string]struct {
		before, after plan.Resources
		want          string
	}{
		"nothing":       {everyResource(), everyResource(), ""},
		"one":           {plan.Resources{MemoryMax: n(5)}, plan.Resources{MemoryMax: n(6)}, "MemoryMax t 6"},
		"a new one":     {plan.Resources{MemoryMax: n(5)}, plan.Resources{MemoryMax: n(5), CPUWeight: n(0)}, "CPUWeight t 0"},
		"a device less": {plan.Resources{IOReadIOPS: two}, plan.Resources{IOReadIOPS: two[1:]}, "IOReadIOPSMax a(st) [], IOReadIOPSMax a(st) [{/dev/b 6}]"},
		"a processor":   {plan.Resources{AllowedCPUs: []int{0}}, plan.Resources{AllowedCPUs: []int{0, 1}}, "AllowedCPUs ay [3]"},
		"all less": {
			everyResource(),
			plan.Resources{MemoryMax: n(96 << 20)},
			"TasksMax t 16384, MemoryHigh t 18446744073709551615, MemorySwapMax t 18446744073709551615, MemoryLow t 0, MemoryMin t 0, " +
				"CPUWeight t 18446744073709551615, CPUQuotaPerSecUSec t 18446744073709551615, CPUQuotaPeriodUSec t 18446744073709551615, " +
				"IOWeight t 18446744073709551615, AllowedCPUs ay [], AllowedMemoryNodes ay [], IODeviceWeight a(st) [], IOReadBandwidthMax a(st) [], " +
				"IOWriteBandwidthMax a(st) [], IOReadIOPSMax a(st) [], IOWriteIOPSMax a(st) [], IODeviceLatencyTargetUSec a(st) []",
		},
	} {
		var got []string
		for _, p := range changes(&tc.before, &tc.after) {
			got = append(got, fmt.Sprint(p.Name, " ", p.Value.Signature(), " ", p.Value.Value()))
		}
		if text := strings.Join(got, ", "); text != tc.want {
			t.Errorf("%s: got %s\nwant %s", name, text, tc.want)
		}
	}
}
