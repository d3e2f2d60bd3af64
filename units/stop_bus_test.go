//go:build bus

package units_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	hardened "github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/units"
	"github.com/berthd/berth/units/unitstest"
)

// TestStop: a stop ends when the unit is gone and its name is free, in whatever order systemd says
// so.
func TestStop(t *testing.T) {
	t.Parallel()
	onStop := func(then func(s *unitstest.Systemd, c unitstest.Call)) unitstest.Answer {
		return func(s *unitstest.Systemd, c unitstest.Call) bool {
			if c.Method != "StopUnit" {
				return false
			}
			then(s, c)
			return true
		}
	}
	cases := []struct {
		name   string
		answer unitstest.Answer
		err    string
	}{
		{"empty scope", nil, ""},
		{"gone before it is asked", onStop(func(s *unitstest.Systemd, c unitstest.Call) {
			s.Remove(unit)
			s.Serve(c)
		}), ""},
		{"gone before the reply", onStop(func(s *unitstest.Systemd, c unitstest.Call) {
			s.Remove(unit)
			s.Reply(c, s.NewJob())
		}), ""},
		{"gone before its job", onStop(func(s *unitstest.Systemd, c unitstest.Call) {
			job := s.NewJob()
			s.Reply(c, job)
			s.Remove(unit)
			s.JobRemoved(job, unit, "done")
		}), ""},
		{"refused", onStop(func(s *unitstest.Systemd, c unitstest.Call) {
			s.Fail(c, "org.freedesktop.DBus.Error.AccessDenied", "no")
		}), "no"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, c.answer)
			if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
				t.Fatal(err)
			}
			err := p.client.Stop(limited(t), unit)
			if c.err == "" {
				if err != nil {
					t.Fatalf("Stop: %v", err)
				}
				// Its name must be free by now.
				if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("Stop: %v, want %s", err, c.err)
			}
		})
	}
}

// TestStopOfNothing: a stop of a unit that is not there is no error.
func TestStopOfNothing(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	if err := p.client.Stop(limited(t), unit); err != nil {
		t.Fatal(err)
	}
	want := []string{"Subscribe", "StopUnit " + unit}
	if diff := cmp.Diff(want, p.systemd.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestStopIsNotFooled: a stop does not end by a reload's signal, a stranger's, one about another
// unit, or one from before the reply.
func TestStopIsNotFooled(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		lie  func(p *pair, stranger *dbus.Conn)
	}{
		{"reload", func(p *pair, _ *dbus.Conn) {
			p.systemd.Reloading(true)
			p.systemd.UnitRemoved(unit)
		}},
		{"another unit", func(p *pair, _ *dbus.Conn) { p.systemd.UnitRemoved("other.scope") }},
		{"job without unit", func(p *pair, _ *dbus.Conn) { p.systemd.JobRemoved(p.systemd.NewJob(), unit, "done") }},
		{"stranger", func(p *pair, stranger *dbus.Conn) {
			stranger.Send(unicast(p, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "UnitRemoved",
				unit, dbus.ObjectPath("/")), nil)
		}},
		{"stranger as the bus", func(p *pair, stranger *dbus.Conn) {
			stranger.Send(unicast(p, "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged",
				"org.freedesktop.systemd1", p.host.Names()[0], stranger.Names()[0]), nil)
			stranger.Send(unicast(p, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "UnitRemoved",
				unit, dbus.ObjectPath("/")), nil)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 1)
			p := newPair(t, func(s *unitstest.Systemd, call unitstest.Call) bool {
				if call.Method == "StopUnit" {
					s.Reply(call, s.NewJob())
					asked <- struct{}{}
				}
				return call.Method == "StopUnit"
			})
			if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { ended <- p.client.Stop(ctx, unit) }()
			<-asked
			c.lie(p, p.bus.Connect(t))
			<-soon(t).Done()
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Stop ended with %v before the unit did", err)
			}
		})
	}
}

// TestStopAsksAgainAfterAReload: a stop whose end was lost in a reload asks again.
func TestStopAsksAgainAfterAReload(t *testing.T) {
	t.Parallel()
	stops := 0
	p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method != "StopUnit" {
			return false
		}
		if stops++; stops > 1 {
			return false
		}
		// The unit ends while systemd speaks of nothing but its reload.
		s.Reply(c, s.NewJob())
		s.Reloading(true)
		s.Remove(unit)
		s.Reloading(false)
		return true
	})
	if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Stop(limited(t), unit); err != nil {
		t.Error(err)
	}
}

// TestNewSystemd: after daemon-reexec, which gives systemd another name on the bus, calls work.
func TestNewSystemd(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	p.host.Close()
	successor, err := unitstest.New(p.bus.Connect(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	successor.Add(unit)
	if err := p.client.Stop(limited(t), unit); err != nil {
		t.Error(err)
	}
}

// TestNewNeedsSystemd: without systemd on the bus no client is made.
func TestNewNeedsSystemd(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	p.host.Close()
	conn := p.bus.Connect(t)
	_, err := units.New(limited(t), conn, hardened.NewPeer(conn, units.BusName))
	if err == nil || !strings.HasPrefix(err.Error(), "find systemd on the bus: ") {
		t.Errorf("New without systemd: %v", err)
	}
}

// unicast is a signal for our client alone.
func unicast(p *pair, path dbus.ObjectPath, iface, member string, body ...any) *dbus.Message {
	m := &dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(p.conn.Names()[0]),
		dbus.FieldPath:        dbus.MakeVariant(path),
		dbus.FieldInterface:   dbus.MakeVariant(iface),
		dbus.FieldMember:      dbus.MakeVariant(member),
	}}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	return m
}

// TestStopWithoutReply: a stop is asked again when systemd leaves the bus with the call.
func TestStopWithoutReply(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	p := newPair(t, func(_ *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method == "StopUnit" {
			close(left)
		}
		return c.Method == "StopUnit"
	})
	if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx := limited(t)
	go func() { ended <- p.client.Stop(ctx, unit) }()
	<-left
	p.host.Close()
	successor, err := unitstest.New(p.bus.Connect(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if calls := successor.Calls(); len(calls) == 0 || calls[len(calls)-1] != "StopUnit "+unit {
		t.Errorf("calls to the new systemd: %q", calls)
	}
}
