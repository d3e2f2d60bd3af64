//go:build bus

package units_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	hardened "github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/test/bus"
	"github.com/berthd/berth/units"
	"github.com/berthd/berth/units/unitstest"
)

const unit = `machine-a\x2db.scope`

// pair is a client and a fake systemd on a bus of their own.
type pair struct {
	bus     *bus.Bus
	host    *dbus.Conn
	systemd *unitstest.Systemd
	conn    *dbus.Conn
	client  *units.Client
}

func newPair(t *testing.T, answer unitstest.Answer) *pair {
	t.Helper()
	p := &pair{bus: bus.Start(t)}
	p.host = p.bus.Connect(t)
	conn, err := hardened.Connect(t.Context(), hardened.Options{
		Address: p.bus.Address,
		Replies: []map[string]string{units.Replies()},
		Signals: map[string]map[string]string{units.BusName: units.Signals()},
		Library: []dbus.ConnOption{dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p.conn = conn.Conn
	if p.systemd, err = unitstest.New(p.host, answer); err != nil {
		t.Fatal(err)
	}
	if p.client, err = units.New(t.Context(), p.conn, hardened.NewPeer(p.conn, units.BusName)); err != nil {
		t.Fatal(err)
	}
	return p
}

// limited is time enough for what must happen at all.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// soon is for what must not happen.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// TestStartSendsWhatSystemdWants: a scope is started with exactly these properties.
func TestStartSendsWhatSystemdWants(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	high := uint64(1 << 20)
	limit := units.Infinity
	made, err := p.client.Start(limited(t), units.Scope{
		Name: unit, Description: "Container a-b", Slice: "machine.slice", PID: 42, StopTimeout: 90 * time.Second, KillSignal: syscall.SIGURG,
		Scope: plan.Scope{
			After:     []string{"local-fs.target"},
			Devices:   []plan.DeviceAllow{{Path: "/dev/null", Access: "rwm"}, {Path: "char-pts", Access: "rw"}},
			Resources: plan.Resources{MemoryMax: &limit, MemoryHigh: &high},
		},
	})
	if !made || err != nil {
		t.Fatal(made, err)
	}
	got, _ := p.systemd.Scope(unit)
	want := map[string]any{
		"Description": "Container a-b", "Slice": "machine.slice", "After": []string{"local-fs.target"}, "PIDs": []uint32{42}, "Delegate": true,
		"CollectMode": "inactive-or-failed", "KillSignal": int32(23), "DevicePolicy": "strict",
		"DeviceAllow": [][]any{{"/dev/null", "rwm"}, {"char-pts", "rw"}}, "TasksMax": uint64(16384),
		"TimeoutStopUSec": uint64(90_000_000), "MemoryMax": ^uint64(0), "MemoryHigh": uint64(1 << 20),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

// TestStartHelper: a helper's scope is started with exactly these properties.
func TestStartHelper(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	name := units.HelperName("image", "a-b", 42)
	err := p.client.StartHelper(limited(t), units.Helper{Name: name, Description: "Image of a-b", Slice: "machine.slice", PID: 42, Before: []string{unit}})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := p.systemd.Scope(`berth-image-a\x2db-42.scope`)
	want := map[string]any{
		"Description": "Image of a-b", "Slice": "machine.slice", "Before": []string{unit}, "PIDs": []uint32{42}, "CollectMode": "inactive-or-failed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

// TestStartHelperFails: when a helper's start fails, nothing of its unit is left. Another's unit that has the name is
// not touched.
func TestStartHelperFails(t *testing.T) {
	t.Parallel()
	name := units.HelperName("image", "web", 42)
	for _, c := range []struct {
		name, result string
		taken        bool
		calls        []string
	}{
		{"its job failed", "failed", false, []string{"StopUnit " + name}},
		{"the name is taken", "", true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, func(s *unitstest.Systemd, call unitstest.Call) bool {
				if call.Method != "StartTransientUnit" || c.taken {
					return false
				}
				s.Add(name)
				job := s.NewJob()
				s.Reply(call, job)
				s.JobRemoved(job, name, c.result)
				return true
			})
			if c.taken {
				p.systemd.Add(name)
			}
			if err := p.client.StartHelper(limited(t), units.Helper{Name: name, PID: 42}); err == nil {
				t.Error("it started")
			}
			if _, left := p.systemd.Scope(name); left != c.taken {
				t.Errorf("the unit is there: %v", left)
			}
			want := append([]string{"Subscribe", "StartTransientUnit " + name}, c.calls...)
			if diff := cmp.Diff(want, p.systemd.Calls()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStartWithLittle: lists that are empty are sent as empty, and a limit that nobody asked for is
// not sent.
func TestStartWithLittle(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
		t.Fatal(err)
	}
	got, _ := p.systemd.Scope(unit)
	if devices, ok := got["DeviceAllow"].([][]any); !ok || len(devices) != 0 {
		t.Errorf("DeviceAllow = %#v, want an empty a(ss)", got["DeviceAllow"])
	}
	if after, ok := got["After"].([]string); !ok || len(after) != 0 {
		t.Errorf("After = %#v, want an empty as", got["After"])
	}
	if _, ok := got["MemoryMax"]; ok {
		t.Error("MemoryMax is set, though nobody asked for it")
	}
}

// TestStart: a start ends with its job, however late, early or lost its signals are, and says whether systemd made
// the unit. To stop it is its caller's.
func TestStart(t *testing.T) {
	t.Parallel()
	start := func(then func(s *unitstest.Systemd, c unitstest.Call, job dbus.ObjectPath)) unitstest.Answer {
		return func(s *unitstest.Systemd, c unitstest.Call) bool {
			if c.Method != "StartTransientUnit" {
				return false
			}
			then(s, c, s.NewJob())
			return true
		}
	}
	ends := func(result string) unitstest.Answer {
		return start(func(s *unitstest.Systemd, c unitstest.Call, job dbus.ObjectPath) {
			s.Reply(c, job)
			s.JobRemoved(job, unit, result)
		})
	}
	cases := []struct {
		name   string
		answer unitstest.Answer
		err    string // "" is success
	}{
		{"done", ends("done"), ""},
		{"failed", ends("failed"), `"failed"`},
		{"canceled", ends("canceled"), `"canceled"`},
		{"timeout", ends("timeout"), `"timeout"`},
		{"dependency", ends("dependency"), `"dependency"`},
		{"refused", start(func(s *unitstest.Systemd, c unitstest.Call, _ dbus.ObjectPath) {
			s.Fail(c, "org.freedesktop.systemd1.UnitExists", "already loaded")
		}), "already loaded"},
		{"job over before the reply", start(func(s *unitstest.Systemd, c unitstest.Call, job dbus.ObjectPath) {
			s.JobRemoved(job, unit, "done")
			s.Reply(c, job)
		}), ""},
		{"unit gone before its job", start(func(s *unitstest.Systemd, c unitstest.Call, job dbus.ObjectPath) {
			s.Reply(c, job)
			s.UnitRemoved(unit)
			s.JobRemoved(job, unit, "failed")
		}), `"failed"`},
		{"other jobs and units meanwhile", start(func(s *unitstest.Systemd, c unitstest.Call, job dbus.ObjectPath) {
			s.Reply(c, job)
			for range 1000 {
				s.JobRemoved(s.NewJob(), unit, "failed")
				s.JobRemoved(s.NewJob(), "other.scope", "failed")
				s.UnitRemoved("other.scope")
			}
			s.JobRemoved(job, unit, "done")
		}), ""},
		{"end missed in a reload", lost("active", 0), ""},
		{"failure missed in a reload", lost("failed", 0), `"failed"`},
		{"unit missed in a reload", func(s *unitstest.Systemd, c unitstest.Call) bool {
			if c.Method != "StartTransientUnit" {
				return false
			}
			s.Reply(c, s.NewJob())
			s.Reloading(true)
			s.Reloading(false)
			return true
		}, "not loaded"},
		{"properties that are not there", odd(map[string]dbus.Variant{"ActiveState": dbus.MakeVariant("active")}), "property Job: "},
		{"properties of another type", odd(map[string]dbus.Variant{"Job": dbus.MakeVariant("x"), "ActiveState": dbus.MakeVariant("active")}), "property Job: "},
		{"a state of another type", odd(map[string]dbus.Variant{"Job": unitstest.Properties("", 0)["Job"], "ActiveState": dbus.MakeVariant(uint32(65))}), "property ActiveState: "},
		{"job goes on over a reload", func() unitstest.Answer {
			first := lost("inactive", 7)
			return func(s *unitstest.Systemd, c unitstest.Call) bool {
				ok := first(s, c)
				if c.Method == "GetAll" {
					s.JobRemoved(jobOne, unit, "done")
				}
				return ok
			}
		}(), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, c.answer)
			made, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42})
			if made != (c.name != "refused") {
				t.Errorf("systemd made the unit: %v", made)
			}
			if calls := p.systemd.Calls(); slices.Contains(calls, "StopUnit "+unit) {
				t.Errorf("a start stops: %q", calls)
			}
			switch {
			case c.err == "" && err != nil:
				t.Errorf("Start: %v", err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || !strings.HasPrefix(err.Error(), "start "+unit+": ")):
				t.Errorf("Start: %v, want one of %s with %s", err, unit, c.err)
			}
		})
	}
}

// TestStartMistyped: a reply that is no job's path fails the start, and leaves nobody waiting.
func TestStartMistyped(t *testing.T) {
	t.Parallel()
	p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method == "StartTransientUnit" {
			s.Reply(c, uint32(1))
		}
		return c.Method == "StartTransientUnit"
	})
	made, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42})
	if made || err == nil || !strings.Contains(err.Error(), `of signature "u", not "o"`) {
		t.Errorf("made %v, %v", made, err)
	}
}

const jobOne = dbus.ObjectPath("/org/freedesktop/systemd1/job/1")

// lost is a systemd that reloads after the start, and never says how the job ended.
func lost(state string, job uint32) unitstest.Answer {
	return func(s *unitstest.Systemd, c unitstest.Call) bool {
		switch c.Method {
		case "StartTransientUnit":
			s.Add(unit)
			s.Reply(c, s.NewJob())
			s.Reloading(true)
			s.UnitRemoved(unit)
			s.Reloading(false)
			return true
		case "GetAll":
			s.Reply(c, unitstest.Properties(state, job))
			return true
		}
		return false
	}
}

// odd is a systemd that reloads after the start, and has other properties than it should.
func odd(properties map[string]dbus.Variant) unitstest.Answer {
	missed := lost("active", 0)
	return func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method == "GetAll" {
			s.Reply(c, properties)
			return true
		}
		return missed(s, c)
	}
}

// TestStartGivesUpWithItsContext: a start that systemd never answers ends with its context.
func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		reply bool
	}{{"before the reply", false}, {"before the job's end", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, func(s *unitstest.Systemd, call unitstest.Call) bool {
				if call.Method == "StartTransientUnit" && c.reply {
					s.Reply(call, s.NewJob())
				}
				return call.Method == "StartTransientUnit"
			})
			for limit := 50 * time.Millisecond; ; limit *= 2 { // on a busy machine the reply comes late
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				made, err := p.client.Start(ctx, units.Scope{Name: unit, PID: 42})
				cancel()
				if errors.Is(err, context.DeadlineExceeded) && made == c.reply {
					return
				}
				if !errors.Is(err, context.DeadlineExceeded) || limit > time.Minute {
					t.Fatalf("Start: %v, %v, want the context's end", made, err)
				}
			}
		})
	}
}

// TestBusLoss: the loss of the bus ends a start and a stop with ErrBusLost.
func TestBusLoss(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 2)
	p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
		switch c.Method {
		case "StartTransientUnit", "StopUnit":
			s.Reply(c, s.NewJob())
			asked <- struct{}{}
			return true
		}
		return false
	})
	ctx := limited(t)
	ended := make(chan error, 2)
	go func() {
		_, err := p.client.Start(ctx, units.Scope{Name: "a.scope", PID: 42})
		ended <- err
	}()
	go func() { ended <- p.client.Stop(ctx, "b.scope") }()
	<-asked
	<-asked
	select {
	case <-p.client.Lost():
		t.Fatal("the bus is lost before its end")
	default:
	}
	p.bus.Stop()
	for range 2 {
		if err := <-ended; !errors.Is(err, units.ErrBusLost) {
			t.Errorf("after the loss: %v", err)
		}
	}
	<-p.client.Lost()
}
