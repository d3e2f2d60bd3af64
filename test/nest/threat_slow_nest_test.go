//go:build nest

package nest

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	stranger "github.com/berthd/berth/test/bus"
)

// asks sends so many calls of a method without arguments, and reads nothing.
func asks(t *testing.T, c *stranger.Raw, times int, path dbus.ObjectPath, iface, member string) {
	t.Helper()
	for range times {
		c.Call(t, stranger.Headers{
			dbus.FieldDestination: dbus.MakeVariant("org.berth1"), dbus.FieldPath: dbus.MakeVariant(path),
			dbus.FieldInterface: dbus.MakeVariant(iface), dbus.FieldMember: dbus.MakeVariant(member),
		}, nil)
	}
}

// readers makes root's connections, which ask for all objects 100 times each: 26 MB of answers that nobody reads.
func readers(t *testing.T, connections int) (conns []*stranger.Raw) {
	t.Helper()
	c := newCrowd(t)
	const containers = 150
	c.each(t, "define", 0, containers, 8, func(n int) error {
		_, err := c.client.Define(t.Context(), guest{Name: c.name(n), Root: c.root, Init: "/init"}.xml())
		return err
	})
	t.Cleanup(func() {
		for _, conn := range conns {
			conn.Close()
		}
		for n := range containers {
			run(t, "berthctl", "undefine", c.name(n))
		}
	})
	for range connections {
		conns = append(conns, stranger.DialRaw(t, hostBus))
	}
	for _, conn := range conns {
		asks(t, conn, 100, "/org/berth1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
	}
	return conns
}

// TestSlowReader: a user who reads none of his answers harms no other. He gets errors that say so, the daemon goes on,
// and all is as before when he reads.
func TestSlowReader(t *testing.T) {
	run(t, "systemctl", "start", "polkit.service") // the others' calls would, and clean would find it
	clean(t)
	run(t, "berthctl", "list")
	pid := daemon(t)
	conns := readers(t, 6) // dbus-daemon has room for 133 MB
	ping := []string{
		"60", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "busctl", "--timeout=55", "call", "org.berth1", "/org/berth1",
		"org.freedesktop.DBus.Peer", "Ping",
	}
	for range 20 {
		if r := try(t, "timeout", ping...); r.Status != 0 && !strings.Contains(r.Err, "denied") {
			t.Fatalf("another user gets %+v", r)
		}
	}
	if now := daemon(t); now != pid {
		t.Errorf("berthd was %d, and is %d", pid, now)
	}
	refused := 0
	for _, conn := range conns {
		conn.Flush(t)
		for _, m := range conn.Heard {
			if m.Type == dbus.TypeError {
				refused++
			}
		}
		conn.Heard = nil
	}
	if refused == 0 {
		t.Error("nobody was refused")
	}
	eventually(t, func() error {
		if r := try(t, "berthctl", "list", "--all"); r.Status != 0 {
			return errors.New(r.Err)
		}
		return nil
	})
}

// TestBusHeldUp: a berthd of which the bus takes nothing more, since others do not read, gives its connection up. The
// next one serves all.
func TestBusHeldUp(t *testing.T) {
	clean(t)
	// So that what root may leave unread is too much for the bus.
	const file = "/etc/dbus-1/system.d/small.conf"
	if err := os.WriteFile(file, []byte(`<busconfig><limit name="max_incoming_bytes">8000000</limit></busconfig>`), 0o644); err != nil {
		t.Fatal(err)
	}
	reload := func() {
		run(t, "busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig")
		run(t, "systemctl", "restart", "berthd")
	}
	reload()
	t.Cleanup(func() {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
		reload()
	})
	sleeper(t, "web").start(t)
	before := info(t, "web")
	pid := daemon(t)
	readers(t, 2)
	eventually(t, func() error {
		if now := daemon(t); now == pid {
			return errors.New("berthd has not given up")
		}
		return nil
	})
	if after := info(t, "web"); after.State != "running" || after.Leader != before.Leader {
		t.Errorf("the container was %+v, and is %+v", before, after)
	}
	run(t, "berthctl", "destroy", "web")
}
