//go:build bus

package machined_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	hardened "github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/machined/machinedtest"
	"github.com/berthd/berth/test/bus"
)

func newPair(t *testing.T, without ...string) (*machinedtest.Machined, *machined.Client, *bus.Bus) {
	t.Helper()
	b := bus.Start(t)
	fake, err := machinedtest.New(b.Connect(t), without...)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := hardened.Connect(t.Context(), hardened.Options{Address: b.Address, Replies: []map[string]string{machined.Replies()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return fake, machined.New(hardened.NewPeer(conn.Conn, machined.BusName)), b
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func machine() machined.Machine {
	return machined.Machine{
		Name: "web", ID: [16]byte{1, 2, 3, 15: 16}, Leader: 42, Root: "/srv/web", Interfaces: []int32{7},
	}
}

// TestRegister: a machine is registered with all that is known of it, by the older method where
// machined has no newer one.
func TestRegister(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		without    []string
		interfaces []int32
		want       []int32
	}{
		{"with interfaces", nil, []int32{7, 9}, []int32{7, 9}},
		{"without interfaces", nil, nil, []int32{}},
		{"by the older method", []string{"RegisterMachineWithNetwork"}, []int32{7}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fake, client, _ := newPair(t, c.without...)
			m := machine()
			m.Interfaces = c.interfaces
			if err := client.Register(limited(t), m); err != nil {
				t.Fatal(err)
			}
			want := map[string]machinedtest.Machine{"web": {
				ID: m.ID[:], Service: "berth", Class: "container", Leader: 42, Root: "/srv/web", Interfaces: c.want,
			}}
			if diff := cmp.Diff(want, fake.Machines()); diff != "" {
				t.Errorf("machines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRegisterErrors: each error of machined is kept and names the machine.
func TestRegisterErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		without []string
		prepare func(*testing.T, *machinedtest.Machined, *machined.Client)
		alter   func(*machined.Machine)
		want    string // the bus's name of the error
	}{
		{"taken", nil, func(t *testing.T, _ *machinedtest.Machined, c *machined.Client) {
			if err := c.Register(limited(t), machine()); err != nil {
				t.Fatal(err)
			}
		}, nil, "org.freedesktop.machine1.MachineExists"},
		{"leader 1", nil, nil, func(m *machined.Machine) { m.Leader = 1 }, "org.freedesktop.DBus.Error.InvalidArgs"},
		{"relative root", nil, nil, func(m *machined.Machine) { m.Root = "srv" }, "org.freedesktop.DBus.Error.InvalidArgs"},
		{"neither method", []string{"RegisterMachineWithNetwork", "RegisterMachine"}, nil, nil, "org.freedesktop.DBus.Error.UnknownMethod"},
		{"denied", nil, func(_ *testing.T, f *machinedtest.Machined, _ *machined.Client) {
			f.Fail(dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", nil))
		}, nil, "org.freedesktop.DBus.Error.AccessDenied"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fake, client, _ := newPair(t, c.without...)
			if c.prepare != nil {
				c.prepare(t, fake, client)
			}
			m := machine()
			if c.alter != nil {
				c.alter(&m)
			}
			err := client.Register(limited(t), m)
			var e dbus.Error
			if !errors.As(err, &e) || e.Name != c.want || !strings.HasPrefix(err.Error(), "register machine web: ") {
				t.Errorf("Register: %v, want %s", err, c.want)
			}
		})
	}
}

// TestUnregister: a machine is taken off, one that is not there is no error, and a refusal is one.
func TestUnregister(t *testing.T) {
	t.Parallel()
	fake, client, _ := newPair(t)
	m := machine()
	for range 3 {
		if err := client.Register(limited(t), m); err != nil {
			t.Fatal(err)
		}
		if err := unregister(limited(t), client, "web", m.ID); err != nil {
			t.Fatal(err)
		}
		if left := fake.Machines(); len(left) > 0 {
			t.Errorf("it is there still: %v", left)
		}
	}
	if err := unregister(limited(t), client, "web", m.ID); err != nil {
		t.Errorf("a machine that is not there: %v", err)
	}
	fake.Fail(dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"no"}))
	if err := unregister(limited(t), client, "web", m.ID); err == nil || err.Error() != "machine web: no" {
		t.Errorf("denied: %v", err)
	}
}

// TestUnregisterAnothers: a machine of that name with another id, or of another manager, is left alone.
func TestUnregisterAnothers(t *testing.T) {
	t.Parallel()
	m := machine()
	for name, other := range map[string]machinedtest.Machine{
		"another container of ours": {ID: []byte{15: 9}, Service: "berth"},
		"another manager's":         {ID: m.ID[:], Service: "systemd-nspawn"},
		"nobody's":                  {Service: ""},
		"ours without an id":        {ID: []byte{}, Service: "berth"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, client, _ := newPair(t)
			fake.Add("web", other)
			if err := unregister(limited(t), client, "web", m.ID); err != nil {
				t.Error(err)
			}
			if left := fake.Machines(); len(left) != 1 {
				t.Errorf("it was taken off: %v", fake.Calls())
			}
		})
	}
}

// TestUnregisterOfNames: a machine of any name that machined takes is found by its object and taken off.
func TestUnregisterOfNames(t *testing.T) {
	t.Parallel()
	fake, client, _ := newPair(t)
	m := machine()
	for _, name := range []string{"web", "0", "1-a", "a.b-c_d", "A", "_x", strings.Repeat("9", 64)} {
		m.Name = name
		if err := client.Register(limited(t), m); err != nil {
			t.Fatal(err)
		}
		if err := unregister(limited(t), client, name, m.ID); err != nil || len(fake.Machines()) > 0 {
			t.Errorf("%s: %v, left %v", name, err, fake.Machines())
		}
	}
}

// TestFind: a machine of ours is found by its id, whatever its name, and nobody else's is.
func TestFind(t *testing.T) {
	t.Parallel()
	fake, client, _ := newPair(t)
	m := machine()
	absent := func(when string) {
		t.Helper()
		if got, found, err := client.Find(limited(t), m.ID); found || err != nil {
			t.Errorf("%s: %+v, %v", when, got, err)
		}
	}
	absent("beside nobody")
	fake.Add("nspawn", machinedtest.Machine{ID: m.ID[:], Service: "systemd-nspawn"})
	fake.Add("other", machinedtest.Machine{ID: []byte{15: 9}, Service: "berth"})
	absent("beside others")
	fake.Add("gone", machinedtest.Machine{ID: m.ID[:], Service: "berth"})
	fake.Vanish("gone")
	absent("while it goes")
	fake.Add("going", machinedtest.Machine{ID: []byte{15: 8}, Service: "berth"})
	fake.Vanish("going")
	fake.Add("1.renamed", machinedtest.Machine{ID: m.ID[:], Service: "berth", Unit: "machine-1.renamed.scope", Leader: 42})
	got, found, err := client.Find(limited(t), m.ID)
	want := machined.Registered{Name: "1.renamed", Unit: "machine-1.renamed.scope", Leader: 42}
	if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
		t.Errorf("%v, %v, -want +got\n%s", found, err, diff)
	}
	fake.Fail(dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"no"}))
	if _, found, err := client.Find(limited(t), m.ID); found || err == nil || err.Error() != "list machines: no" {
		t.Errorf("denied: %v, %v", found, err)
	}
}

// TestBusLoss: without the bus each call is an error.
func TestBusLoss(t *testing.T) {
	t.Parallel()
	_, client, b := newPair(t)
	b.Stop()
	if err := client.Register(limited(t), machine()); err == nil {
		t.Error("a machine was registered without a bus")
	}
	if err := unregister(limited(t), client, "web", machine().ID); err == nil {
		t.Error("a machine was taken off without a bus")
	}
	if _, found, err := client.Find(limited(t), machine().ID); found || err == nil {
		t.Error("a machine was looked for without a bus")
	}
}
