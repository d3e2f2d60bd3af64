//go:build bus

package units_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/units"
	"github.com/berthd/berth/units/unitstest"
)

// states has systemd say these states of a unit, one after the other, and then the last one for ever. asked hears of
// each answer.
func states(asked chan<- string, list ...string) unitstest.Answer {
	return func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method != "GetAll" {
			return false
		}
		state := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		s.Reply(c, unitstest.Properties(state, 0))
		asked <- state
		return true
	}
}

// TestAwaitFreeOfALiveOne: a unit that lives is another's and is left alone: there is nothing to wait for.
func TestAwaitFreeOfALiveOne(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"active", "activating", "reloading"} {
		want := []string{"Subscribe", "GetUnit " + unit, "GetAll org.freedesktop.systemd1.Unit"}
		if state == "active" {
			want = append(want, "GetUnitProcesses "+unit)
		}
		p := newPair(t, states(make(chan string, 1), state))
		p.systemd.Add(unit)
		if err := p.client.AwaitFree(limited(t), unit); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		if _, there := p.systemd.Scope(unit); !there || !slices.Equal(p.systemd.Calls(), want) {
			t.Errorf("%s: it is there: %v, calls %q", state, there, p.systemd.Calls())
		}
	}
}

// TestAwaitFreeOfAnEmptyOne: an active unit without a process is a remainder, and is stopped.
func TestAwaitFreeOfAnEmptyOne(t *testing.T) {
	t.Parallel()
	p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method == "GetUnitProcesses" {
			s.Reply(c, []unitstest.Process{})
		}
		return c.Method == "GetUnitProcesses"
	})
	p.systemd.Add(unit)
	if err := p.client.AwaitFree(limited(t), unit); err != nil {
		t.Error(err)
	}
	if _, there := p.systemd.Scope(unit); there {
		t.Error("it is there")
	}
}

// TestAwaitFreeOfAFullOne: a unit whose processes are more than the connection reads has some, and is left alone.
func TestAwaitFreeOfAFullOne(t *testing.T) {
	t.Parallel()
	p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method == "GetUnitProcesses" {
			s.Reply(c, []unitstest.Process{{Group: "/machine.slice", PID: 42, Command: strings.Repeat("x", 2<<20)}})
		}
		return c.Method == "GetUnitProcesses"
	})
	p.systemd.Add(unit)
	if err := p.client.AwaitFree(limited(t), unit); err != nil {
		t.Error(err)
	}
	if _, there := p.systemd.Scope(unit); !there {
		t.Error("it was stopped")
	}
}

// TestAwaitFreeOfNothing: the name of a unit that is not there, or goes while it is asked for, is free.
func TestAwaitFreeOfNothing(t *testing.T) {
	t.Parallel()
	if err := newPair(t, nil).client.AwaitFree(limited(t), unit); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.systemd1.NoSuchUnit"} {
		p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
			if c.Method == "GetAll" {
				s.Fail(c, name, "it is gone")
			}
			return c.Method == "GetAll"
		})
		p.systemd.Add(unit)
		if err := p.client.AwaitFree(limited(t), unit); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAwaitFree: the name of a unit that has ended, or is about to, is free when the unit is gone, and no earlier: not
// when a reload says so, or when its job has ended.
func TestAwaitFree(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"deactivating", "inactive", "failed"} {
		for name, lie := range map[string]func(p *pair){
			"nothing else": func(*pair) {},
			"a reload": func(p *pair) {
				p.systemd.Reloading(true)
				p.systemd.UnitRemoved(unit)
				p.systemd.Reloading(false)
			},
			"its job": func(p *pair) { p.systemd.JobRemoved(p.systemd.NewJob(), unit, "done") },
		} {
			t.Run(state+", "+name, func(t *testing.T) {
				t.Parallel()
				asked := make(chan string, 16)
				p := newPair(t, states(asked, state))
				p.systemd.Add(unit)
				ended := make(chan error, 1)
				ctx := limited(t)
				go func() { ended <- p.client.AwaitFree(ctx, unit) }()
				<-asked
				lie(p)
				if name != "nothing else" {
					<-asked
				}
				select {
				case err := <-ended:
					t.Fatalf("it ended with %v before the unit was gone", err)
				case <-soon(t).Done():
				}
				p.systemd.Remove(unit)
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestAwaitFreeForAnother: when another takes the name of a unit that has ended, there is nothing to wait for any more.
func TestAwaitFreeForAnother(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 16)
	p := newPair(t, states(asked, "deactivating", "active"))
	p.systemd.Add(unit)
	ended := make(chan error, 1)
	ctx := limited(t)
	go func() { ended <- p.client.AwaitFree(ctx, unit) }()
	<-asked
	p.systemd.UnitRemoved(unit) // and another is there before we ask
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, there := p.systemd.Scope(unit); !there || slices.Contains(p.systemd.Calls(), "StopUnit "+unit) {
		t.Errorf("the other's is there: %v, calls %q", there, p.systemd.Calls())
	}
}

// TestAwaitFreeOverReexec: a systemd that executes itself anew while a unit's end is awaited, or takes the question
// along into its end, is asked again.
func TestAwaitFreeOverReexec(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GetUnit", "GetAll", "none"} {
		t.Run(method+" is lost", func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 16)
			p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
				switch c.Method {
				case method:
					asked <- struct{}{}
					return true
				case "GetAll":
					s.Reply(c, unitstest.Properties("deactivating", 0))
					asked <- struct{}{}
					return true
				}
				return false
			})
			p.systemd.Add(unit)
			// It waits for the name, and has it as soon as the old one is gone.
			next := p.bus.Connect(t)
			ready := make(chan error, 1)
			go func() {
				_, err := unitstest.New(next, nil)
				ready <- err
			}()
			ended := make(chan error, 1)
			ctx := limited(t)
			go func() { ended <- p.client.AwaitFree(ctx, unit) }()
			<-asked
			p.host.Close()
			if err := <-ready; err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAwaitFreeGivesUp: a wait ends with its context, with the bus, and with what systemd refuses.
func TestAwaitFreeGivesUp(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 16)
	p := newPair(t, states(asked, "deactivating"))
	p.systemd.Add(unit)
	ended := make(chan error, 1)
	short, cancel := context.WithCancel(t.Context())
	go func() { ended <- p.client.AwaitFree(short, unit) }()
	<-asked
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "await the end of "+unit+": ") {
		t.Errorf("with its context: %v", err)
	}
	ctx := limited(t)
	go func() { ended <- p.client.AwaitFree(ctx, unit) }()
	<-asked
	p.bus.Stop()
	if err := <-ended; !errors.Is(err, units.ErrBusLost) {
		t.Errorf("with the bus: %v", err)
	}
	p = newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
		if c.Method == "GetUnit" {
			s.Fail(c, "org.freedesktop.DBus.Error.AccessDenied", "no")
		}
		return c.Method == "GetUnit"
	})
	if err := p.client.AwaitFree(limited(t), unit); err == nil || err.Error() != "await the end of "+unit+": no" {
		t.Errorf("refused: %v", err)
	}
}
