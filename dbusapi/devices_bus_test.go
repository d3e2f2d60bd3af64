//go:build bus

package dbusapi

import (
	"context"
	"reflect"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestDevices: each method is handed on with its text and options, what it does is told by a signal with the alias, and
// an error has its name and the element.
func TestDevices(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidB)
	heard := make(chan string, 4)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { heard <- op; return nil })
	signals := r.watch(t)
	call := func(method string, o map[string]dbus.Variant) *dbus.Call {
		return r.call(path, contract.ContainerInterface+"."+method, "<disk/>", o)
	}
	for method, want := range map[string]string{
		"AttachDevice": "AttachDevice <disk/> {true true}", "DetachDevice": "DetachDevice <disk/> {true true}",
		"DetachDeviceAlias": "DetachDeviceAlias <disk/> {true true}", "UpdateDevice": "UpdateDevice <disk/> {true true}",
	} {
		if err := call(method, map[string]dbus.Variant{"live": dbus.MakeVariant(true), "config": dbus.MakeVariant(true)}).Err; err != nil {
			t.Fatal(err)
		}
		if op := <-heard; op != want {
			t.Errorf("got %q, want %q", op, want)
		}
		fails(t, call(method, map[string]dbus.Variant{"persistent": dbus.MakeVariant(true)}), contract.ErrorInvalidArgs)
	}
	for told := 0; told < 2; {
		s := <-signals
		if s.Name != contract.ContainerInterface+".DeviceAdded" && s.Name != contract.ContainerInterface+".DeviceRemoved" {
			continue
		}
		told++
		if s.Body[0] != "disk0" {
			t.Errorf("%v", s)
		}
	}
	var list []map[string]dbus.Variant
	if err := r.call(path, contract.ContainerInterface+".ListDevices", map[string]dbus.Variant{"config": dbus.MakeVariant(true)}).Store(&list); err != nil {
		t.Fatal(err)
	}
	want := []map[string]dbus.Variant{{
		"kind": dbus.MakeVariant("disk"), "type": dbus.MakeVariant("file"), "source": dbus.MakeVariant("/a.img"), "target": dbus.MakeVariant("vda"),
		"read-only": dbus.MakeVariant(true),
	}}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("%v", list)
	}
	both := map[string]dbus.Variant{"config": dbus.MakeVariant(true), "live": dbus.MakeVariant(true)}
	fails(t, r.call(path, contract.ContainerInterface+".ListDevices", both), contract.ErrorInvalidArgs)
	r.core.set(func(context.Context, string, domain.UUID) error {
		return &domain.Error{Kind: domain.NoDevice, Element: "disk", Text: "none"}
	})
	fails(t, call("DetachDevice", noOptions()), contract.ErrorNoSuchDevice)
}
