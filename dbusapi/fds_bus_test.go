//go:build bus

package dbusapi

import (
	"os"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/test/bus"
)

// openFDs counts this process's file descriptors.
func openFDs(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// sendUnnamedFD calls a method with an fd that its (empty) body does not name.
func sendUnnamedFD(t *testing.T, c *bus.Raw, fd int) {
	t.Helper()
	c.Call(t, bus.Headers{
		dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
		dbus.FieldPath:        dbus.MakeVariant(rootPath),
		dbus.FieldInterface:   dbus.MakeVariant(peerName),
		dbus.FieldMember:      dbus.MakeVariant("Ping"),
	}, nil, fd)
	if name := c.Await(t); name != "org.freedesktop.DBus.Error.NotSupported" {
		t.Errorf("the bus answered %q", name)
	}
}

// TestNoFDArrives: the bus refuses file descriptors for each method, named in the body or not, and
// the server's process never has one. This test does not run beside others, since they open
// descriptors too.
func TestNoFDArrives(t *testing.T) {
	r := newRig(t)
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	raw := bus.DialRaw(t, r.bus.Address)
	before := openFDs(t)
	for i := range 200 {
		member := []string{contract.ContainerInterface + ".Start", contract.ContainerInterface + ".NoSuch", "no.such.Interface", peerName + ".Ping"}[i%4]
		fails(t, r.call(ContainerPath(uuidA), member, dbus.UnixFD(file.Fd())), "org.freedesktop.DBus.Error.NotSupported")
		sendUnnamedFD(t, raw, int(file.Fd()))
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Fatalf("the server after it: %v", err)
	}
	raw.Flush(t)
	if after := openFDs(t); after != before {
		t.Errorf("%d file descriptors open, %d before", after, before)
	}
}
