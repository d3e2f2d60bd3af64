//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
)

// TestOpenConsole: a console's descriptor reaches the caller with all options, and is closed here.
func TestOpenConsole(t *testing.T) {
	r := newRig(t)
	conn, err := bus.Connect(t.Context(), bus.Options{
		Address: r.bus.Address, Replies: []map[string]string{{contract.ContainerInterface + ".OpenConsole": "h"}}, Descriptors: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	before := openFDs(t)
	open := func(options map[string]dbus.Variant) (bus.Reply, error) {
		return conn.Exchange(t.Context(), &dbus.Message{Type: dbus.TypeMethodCall, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName), dbus.FieldPath: dbus.MakeVariant(ContainerPath(uuidB)),
			dbus.FieldInterface: dbus.MakeVariant(contract.ContainerInterface), dbus.FieldMember: dbus.MakeVariant("OpenConsole"),
		}, Body: []any{"console1", options}})
	}
	for range 50 {
		reply, err := open(map[string]dbus.Variant{
			"force": dbus.MakeVariant(true), "read-only": dbus.MakeVariant(true), "framed": dbus.MakeVariant(true),
			"from": dbus.MakeVariant(uint64(7)), "rows": dbus.MakeVariant(uint16(24)), "columns": dbus.MakeVariant(uint16(80)),
		})
		if err != nil || len(reply.Files) != 1 {
			t.Fatalf("%v, %v", reply, err)
		}
		text, err := io.ReadAll(reply.Files[0])
		bus.CloseFiles(reply.Files)
		want := "console1 {Force:true Safe:false ReadOnly:true Framed:true From:7 Window:{Rows:24 Columns:80} User:0}"
		if string(text) != want || err != nil {
			t.Errorf("got %q, %v", text, err)
		}
	}
	for name, options := range map[string]map[string]dbus.Variant{
		contract.ErrorInvalidArgs: {"force": dbus.MakeVariant(true), "safe": dbus.MakeVariant(true)},
	} {
		_, err := open(options)
		if refusal, ok := errors.AsType[dbus.Error](err); !ok || refusal.Name != name {
			t.Errorf("%v: %v", options, err)
		}
	}
	resized := make(chan string, 1)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { resized <- op; return nil })
	if err := r.call(ContainerPath(uuidB), contract.ContainerInterface+".ResizeConsole", "", uint16(24), uint16(80), noOptions()).Err; err != nil {
		t.Error(err)
	}
	if got, want := <-resized, "resize  {Rows:24 Columns:80}"; got != want {
		t.Errorf("got %q", got)
	}
	closesAll(t, before)
}
