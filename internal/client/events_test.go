package client

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// TestRelayed: who is not root hears the signals that are relayed to him, as root hears them, and only those that he
// wants.
func TestRelayed(t *testing.T) {
	t.Parallel()
	w := &watch{names: []string{Lifecycle, DeviceAdded}, relays: true}
	details := map[string]dbus.Variant{"name": dbus.MakeVariant("web"), "uuid": dbus.MakeVariant("6695")}
	relay := func(name string, arguments ...any) *dbus.Signal {
		var list []dbus.Variant
		for _, a := range arguments {
			list = append(list, dbus.MakeVariant(a))
		}
		return &dbus.Signal{Path: "/", Name: relayed, Body: []any{Path("/web"), name[:len(name)-len("Lifecycle")-1], "Lifecycle", list}}
	}
	got, ok := w.hear(t.Context(), relay(Lifecycle, Path("/web"), "started", "booted", uint64(1), details))
	if diff := cmp.Diff(Event{Signal: Lifecycle, Path: "/web", Name: "web", UUID: "6695", Kind: "started", Detail: "booted"}, got); diff != "" || !ok {
		t.Errorf("%v, want (-), got (+):\n%s", ok, diff)
	}
	for name, s := range map[string]*dbus.Signal{
		"not wanted":     {Name: OOMKill, Body: []any{Path("/web"), uint64(1), uint64(1), details}},
		"of other types": relay(Lifecycle, "x"),
		"broken":         {Name: relayed, Body: []any{"x"}},
		"another name":   {Name: "org.freedesktop.DBus.NameOwnerChanged", Body: []any{"a.b", "", ":1.1"}},
	} {
		if e, ok := w.hear(t.Context(), s); ok {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
