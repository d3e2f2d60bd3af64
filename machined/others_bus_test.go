//go:build bus

package machined_test

import (
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/machined/machinedtest"
)

// TestOthers: the machines of other managers are told with their root directories; the host, our own machines, those
// without a directory, and one that goes meanwhile are not.
func TestOthers(t *testing.T) {
	t.Parallel()
	fake, client, _ := newPair(t)
	for name, m := range map[string]machinedtest.Machine{
		".host": {Class: "host", Root: "/"},
		"web":   {Class: "container", Service: machined.Service, Root: "/srv/web"},
		"deb":   {Class: "container", Service: "systemd-nspawn", Root: "/var/lib/machines/deb"},
		"vm":    {Class: "vm", Service: "libvirt-qemu"},
		"gone":  {Class: "container", Service: "systemd-nspawn", Root: "/srv/gone"},
	} {
		fake.Add(name, m)
	}
	fake.Vanish("gone")
	got, err := client.Others(limited(t))
	want := []machined.Other{{Name: "deb", Service: "systemd-nspawn", Root: "/var/lib/machines/deb"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	fake.Fail(dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"no"}))
	if _, err := client.Others(limited(t)); !errors.As(err, new(dbus.Error)) {
		t.Errorf("refused: %v", err)
	}
}
