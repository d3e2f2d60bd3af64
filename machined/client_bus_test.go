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
	return fake, machined.New(b.Connect(t)), b
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
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
	for range 3 {
		if err := client.Register(limited(t), machine()); err != nil {
			t.Fatal(err)
		}
		if err := client.Unregister(limited(t), "web"); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Unregister(limited(t), "web"); err != nil {
		t.Errorf("a machine that is not there: %v", err)
	}
	fake.Fail(dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"no"}))
	if err := client.Unregister(limited(t), "web"); err == nil || err.Error() != "unregister machine web: no" {
		t.Errorf("denied: %v", err)
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
	if err := client.Unregister(limited(t), "web"); err == nil {
		t.Error("a machine was taken off without a bus")
	}
}
