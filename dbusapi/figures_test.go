package dbusapi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/service"
)

// statsRow is one container of GetAllStats as godbus stores it.
type statsRow struct {
	Name          string
	ID            uint32
	UUID          string
	Path          dbus.ObjectPath
	State, Reason string
	Figures       map[string]uint64
	Devices       map[string]map[string]map[string]uint64
}

// several are containers with many figures, with none, and with devices.
func several(n int) []service.Stats {
	list := make([]service.Stats, n)
	for i := range list {
		x := &list[i]
		x.Snapshot = service.Snapshot{Name: fmt.Sprint("web", i), ID: uint32(i), UUID: domain.UUID{1, byte(i), byte(i >> 8)}, State: service.StateRunning, Reason: service.ReasonBooted}
		for f := figures.StartedUSec; i%3 < 2 && f <= figures.IOPressureFullAvg10; f++ {
			x.Put(f, uint64(i)<<32+uint64(f))
		}
		for d := range i % 4 {
			x.AddDevice(figures.Device{Name: fmt.Sprint("vd", d), ReadBytes: uint64(i), WriteOperations: 7})
		}
		for d := range i % 3 {
			x.AddInterface(figures.Interface{Name: fmt.Sprint("eth", d), Receive: figures.Traffic{Bytes: uint64(i), Drops: 3}})
		}
	}
	return list
}

// TestMarshalledStats: the reply of GetAllStats has exactly the values of its containers.
func TestMarshalledStats(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 4, 50} {
		list := several(n)
		msg := &dbus.Message{Type: dbus.TypeMethodReply, Body: []any{marshalStats(list)}, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(uint32(1)),
		}}
		encoded, err := encode(msg, 7)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := dbus.DecodeMessage(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		var got []statsRow
		if err := dbus.Store(decoded.Body, &got); err != nil {
			t.Fatal(err)
		}
		want := []statsRow{}
		for i := range list {
			x := &list[i]
			row := statsRow{
				Name: x.Name, ID: x.ID, UUID: x.UUID.String(), Path: ContainerPath(x.UUID), State: "running", Reason: "booted",
				Figures: map[string]uint64{}, Devices: map[string]map[string]map[string]uint64{},
			}
			for f, value := range x.All() {
				row.Figures[f.String()] = value
			}
			if len(x.Block) > 0 {
				row.Devices["block"] = blockDevices(x.Block)
			}
			if len(x.Figures.Interfaces) > 0 {
				row.Devices["interface"] = interfaceDevices(x.Figures.Interfaces)
			}
			want = append(want, row)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d containers differ (-want +got):\n%s", n, diff)
		}
		if serial := binary.LittleEndian.Uint32(encoded[8:]); serial != 7 {
			t.Errorf("the serial is %d", serial)
		}
	}
}

// TestWantedBy: a call's options name groups and single figures; without any, all are wanted.
func TestWantedBy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options map[string]dbus.Variant
		want    figures.Wanted
		fault   bool
	}{
		"all":            {nil, figures.Of(figures.All), false},
		"groups":         {map[string]dbus.Variant{"groups": dbus.MakeVariant([]string{"io", "cpu"})}, figures.Of(figures.IO | figures.CPU), false},
		"no group":       {map[string]dbus.Variant{"groups": dbus.MakeVariant([]string{})}, figures.Wanted{}, false},
		"figures":        {map[string]dbus.Variant{"figures": dbus.MakeVariant([]string{"memory-current", "tasks-current"})}, figures.Wanted{}.And(figures.MemoryCurrent, figures.TasksCurrent), false},
		"both":           {map[string]dbus.Variant{"groups": dbus.MakeVariant([]string{"cpu"}), "figures": dbus.MakeVariant([]string{"memory-peak"})}, figures.Of(figures.CPU).And(figures.MemoryPeak), false},
		"unknown group":  {map[string]dbus.Variant{"groups": dbus.MakeVariant([]string{"disk"})}, figures.Wanted{}, true},
		"unknown figure": {map[string]dbus.Variant{"figures": dbus.MakeVariant([]string{"memory"})}, figures.Wanted{}, true},
	} {
		got, err := wantedBy(&call{args: []any{tc.options}})
		if (err != nil) != tc.fault || !tc.fault && got != tc.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, tc.want)
		}
	}
}

// BenchmarkMarshalStats: the reply for 1,000 containers takes some milliseconds.
func BenchmarkMarshalStats(b *testing.B) {
	list := several(1000)
	for b.Loop() {
		b.SetBytes(int64(len(marshalStats(list).bytes)))
	}
}
