//go:build bus

package dbusapi

import (
	"context"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestSetInterface: a change is handed on in the units of the XML, and a property that there is not, of another type or
// between two steps, is refused.
func TestSetInterface(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidB)
	heard := make(chan string, 4)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { heard <- op; return nil })
	call := func(properties map[string]any) *dbus.Call {
		given := map[string]dbus.Variant{}
		for name, value := range properties {
			given[name] = dbus.MakeVariant(value)
		}
		return r.call(path, contract.ContainerInterface+".SetInterface", "eth0", given, map[string]dbus.Variant{"live": dbus.MakeVariant(true)})
	}
	for want, properties := range map[string]map[string]any{
		"SetInterface eth0 {true false} down":       {"link-state": "down"},
		"SetInterface eth0 {true false} {7 0 2}":    {"inbound-average": uint64(7000), "inbound-burst": uint64(2048)},
		"SetInterface eth0 {true false} up {0 9 0}": {"link-state": "up", "outbound-peak": uint64(9000)},
	} {
		if err := call(properties).Err; err != nil {
			t.Fatal(err)
		}
		if op := <-heard; op != want {
			t.Errorf("got %q, want %q", op, want)
		}
	}
	for name, value := range map[string]any{"link-state": uint64(1), "inbound-average": "7", "inbound-peak": uint64(7), "inbound-burst": uint64(1000), "mtu": uint64(1)} {
		fails(t, call(map[string]any{name: value}), contract.ErrorInvalidArgs)
	}
}

// TestGetInterfaces: the reply has the numbers in bytes, of the definition that the options choose.
func TestGetInterfaces(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidB)
	get := func(method string, args ...any) []map[string]dbus.Variant {
		t.Helper()
		var rows []map[string]dbus.Variant
		if err := r.call(path, contract.ContainerInterface+"."+method, args...).Store(&rows); err != nil || len(rows) != 1 {
			t.Fatalf("%v, %v", rows, err)
		}
		return rows
	}
	row := get("GetInterfaces", map[string]dbus.Variant{"config": dbus.MakeVariant(true)})[0]
	got := map[string]any{}
	for _, name := range []string{"name", "link", "mac", "link-state", "inbound-average", "inbound-peak", "inbound-burst", "outbound-average"} {
		got[name] = row[name].Value()
	}
	if diff := cmp.Diff(map[string]any{
		"name": "eth0", "link": "web0", "mac": "52:54:00:00:00:01", "link-state": "down",
		"inbound-average": uint64(2000), "inbound-peak": uint64(3000), "inbound-burst": uint64(4096), "outbound-average": uint64(0),
	}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if state := get("GetInterfaces", noOptions())[0]["link-state"].Value(); state != "up" {
		t.Errorf("live it is %v", state)
	}
	fails(t, r.call(path, contract.ContainerInterface+".GetInterfaces", map[string]dbus.Variant{"config": dbus.MakeVariant(true), "live": dbus.MakeVariant(true)}), contract.ErrorInvalidArgs)
	for source, want := range map[string]any{"lease": "192.0.2.7", "arp": "2001:db8::7", "agent": nil} {
		if a := get("GetInterfaceAddresses", source, noOptions())[0]; a["address"].Value() != want || a["link"].Value() != "web0" {
			t.Errorf("%s: %v", source, a)
		}
	}
	fails(t, r.call(path, contract.ContainerInterface+".GetInterfaceAddresses", "dns", noOptions()), contract.ErrorNotSupported)
}
