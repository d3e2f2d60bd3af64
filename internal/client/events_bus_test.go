//go:build bus

package client_test

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/test/bus"
)

// TestBusWatch: the signals of berthd that are wanted arrive in their order, also those of the next berthd. Those of a
// stranger, and of other kinds, do not.
func TestBusWatch(t *testing.T) {
	b := bus.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", b.Address)
	c, err := client.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first := b.Connect(t)
	clienttest.Serve(t, first, nil)
	events, err := c.Watch(t.Context(), client.Lifecycle, client.DeviceAdded)
	if err != nil {
		t.Fatal(err)
	}
	details := map[string]dbus.Variant{"name": dbus.MakeVariant("web"), "uuid": dbus.MakeVariant("6695"), "newer": dbus.MakeVariant(uint32(1))}
	emit := func(conn *dbus.Conn, name string, body ...any) {
		t.Helper()
		if err := conn.Emit(web, name, body...); err != nil {
			t.Fatal(err)
		}
	}
	emit(b.Connect(t), client.Lifecycle, web, "stopped", "failed", uint64(1), details) // a stranger's
	emit(first, client.OOMKill, web, uint64(3), uint64(1), details)                    // not wanted
	emit(first, client.Lifecycle, web, "started", "booted", uint64(2), details)
	emit(first, client.DeviceAdded, "disk0")
	want := []client.Event{
		{Signal: client.Lifecycle, Path: web, Name: "web", UUID: "6695", Kind: "started", Detail: "booted"},
		{Signal: client.DeviceAdded, Path: web, Detail: "disk0"},
	}
	for _, w := range want {
		if diff := cmp.Diff(w, <-events); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := b.Connect(t)
	for owned := true; owned; {
		if err := second.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, contract.BusName).Store(&owned); err != nil {
			t.Fatal(err)
		}
	}
	clienttest.Serve(t, second, nil)
	emit(second, client.Lifecycle, web, "stopped", "destroyed", uint64(1), details)
	if e := <-events; e.Detail != "destroyed" {
		t.Errorf("got %+v", e)
	}
	c.Close()
	if e, open := <-events; open {
		t.Errorf("got %+v", e)
	}
}
