//go:build bus

package client_test

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/internal/figures"
)

// TestBusAllStats: the figures and devices of each container come out of the reply, without those that a newer berthd
// has, and the whole filter is in the call.
func TestBusAllStats(t *testing.T) {
	type row struct {
		Name          string
		ID            uint32
		UUID          string
		Path          client.Path
		State, Reason string
		Figures       map[string]uint64
		Devices       map[string]map[string]map[string]uint64
	}
	c, d, _ := connect(t, map[string]clienttest.Answer{"GetAllStats": func(clienttest.Call) ([]any, error) {
		return []any{[]row{
			{"off", 0, "6696", "/off", "shutoff", "shutdown", nil, nil},
			{
				"web", 7, "6695", web, "running", "booted",
				map[string]uint64{"memory-current": 4096, "newer": 1},
				map[string]map[string]map[string]uint64{"block": {"vda": {"read-bytes": 5, "newer": 3}}, "interface": {"eth0": {"receive-bytes": 6, "transmit-drops": 2, "newer": 3}}, "newer": {"eth0": {"read-bytes": 6}}},
			},
		}}, nil
	}})
	yes := true
	got, err := c.AllStats(t.Context(), client.StatsFilter{
		Filter: client.Filter{States: []string{"running"}, Persistent: &yes}, Groups: figures.CPU | figures.Pressure, Figures: []figures.Figure{figures.MemoryPeak}, Containers: []client.Path{web},
	})
	if err != nil {
		t.Fatal(err)
	}
	measured := figures.Figures{Block: []figures.Device{{Name: "vda", ReadBytes: 5}}, Interfaces: []figures.Interface{{Name: "eth0", Receive: figures.Traffic{Bytes: 6}, Transmit: figures.Traffic{Drops: 2}}}}
	measured.Put(figures.MemoryCurrent, 4096)
	want := []client.ContainerStats{
		{Name: "off", UUID: "6696", Path: "/off", State: "shutoff", Reason: "shutdown"},
		{Name: "web", ID: 7, UUID: "6695", Path: web, State: "running", Reason: "booted", Figures: measured},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(figures.Set{})); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if _, err := c.AllStats(t.Context(), client.StatsFilter{}); err != nil {
		t.Error(err)
	}
	options := []map[string]dbus.Variant{
		{
			"state": dbus.MakeVariant([]string{"running"}), "persistent": dbus.MakeVariant(true),
			"groups": dbus.MakeVariant([]string{"cpu", "pressure"}), "figures": dbus.MakeVariant([]string{"memory-peak"}), "containers": dbus.MakeVariant([]dbus.ObjectPath{web}),
		},
		{},
	}
	for i, call := range d.Calls() {
		if diff := cmp.Diff(options[i], call.Args[0], cmp.AllowUnexported(dbus.Variant{}, dbus.Signature{})); diff != "" {
			t.Errorf("call %d: want (-), got (+):\n%s", i, diff)
		}
	}
}

// TestBusAllStatsRefused: an error of the daemon is the error of AllStats.
func TestBusAllStatsRefused(t *testing.T) {
	want := &client.Error{Name: contract.ErrorAccessDenied, Message: "not you", Details: map[string]any{}}
	c, _, _ := connect(t, map[string]clienttest.Answer{"GetAllStats": func(clienttest.Call) ([]any, error) { return nil, want }})
	_, err := c.AllStats(t.Context(), client.StatsFilter{})
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
