//go:build nest

package units_test

import (
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/plan"
)

// TestResources: systemd shows each limit, weight and binding that a scope was started with, also after a reload.
func TestResources(t *testing.T) {
	h := connect(t)
	sleep := spawn(t, "sleep", "100")
	s := scope(sleep)
	n := func(v uint64) *uint64 { return &v }
	d := func(v uint64) []plan.DeviceFigure { return []plan.DeviceFigure{{Path: "/dev/null", Figure: v}} }
	s.Resources = plan.Resources{
		MemoryMax: n(96 << 20), MemoryHigh: n(80 << 20), MemorySwapMax: n(1 << 20), MemoryLow: n(8 << 20), MemoryMin: n(4 << 20),
		CPUWeight: n(200), CPUQuotaPerSec: n(500000), CPUQuotaPeriod: n(50000), AllowedCPUs: []int{0, 9}, AllowedNodes: []int{0}, TasksMax: n(77),
		IOWeight: n(300), IODeviceWeight: d(400), IOReadBPS: d(1000001), IOWriteBPS: d(1000002), IOReadIOPS: d(101), IOWriteIOPS: d(102),
		IOLatency: d(25000),
	}
	if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at the start", "after a reload"} {
		shown := systemctl(t, "show", s.Name)
		for _, want := range []string{
			"MemoryMax=100663296", "MemoryHigh=83886080", "MemorySwapMax=1048576", "MemoryLow=8388608", "MemoryMin=4194304",
			"CPUWeight=200", "CPUQuotaPerSecUSec=500ms", "CPUQuotaPeriodUSec=50ms", "AllowedCPUs=0 9", "AllowedMemoryNodes=0", "TasksMax=77",
			"IOWeight=300", "IODeviceWeight=/dev/null 400", "IOReadBandwidthMax=/dev/null 1000001", "IOWriteBandwidthMax=/dev/null 1000002",
			"IOReadIOPSMax=/dev/null 101", "IOWriteIOPSMax=/dev/null 102", "IODeviceLatencyTargetUSec=/dev/null 25ms",
		} {
			if !strings.Contains(shown, want+"\n") {
				name, _, _ := strings.Cut(want, "=")
				t.Errorf("%s, systemctl show lacks %s: %s", when, want, systemctl(t, "show", "-p", name, s.Name))
			}
		}
		systemctl(t, "daemon-reload")
	}
	end(sleep)
	if err := h.client.Stop(within(t, time.Minute), s.Name); err != nil {
		t.Fatal(err)
	}
}

// TestIdleScope: the weight 0 is systemd's "idle".
func TestIdleScope(t *testing.T) {
	h := connect(t)
	sleep := spawn(t, "sleep", "100")
	s := scope(sleep)
	s.CPUWeight = new(uint64)
	if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
		t.Fatal(err)
	}
	if got := systemctl(t, "show", "-P", "CPUWeight", s.Name); got != "idle\n" && got != "0\n" {
		t.Errorf("CPUWeight=%s", got)
	}
	end(sleep)
	if err := h.client.Stop(within(t, time.Minute), s.Name); err != nil {
		t.Fatal(err)
	}
}
