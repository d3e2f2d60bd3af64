//go:build nest

package nest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/client"
	stranger "github.com/berthd/berth/test/bus"
)

// busOf makes a connection of a user.
func busOf(t *testing.T, id uintptr) *dbus.Conn {
	t.Helper()
	var conn *dbus.Conn
	onThreadOf(t, id, func() (err error) {
		conn, err = dbus.Connect(hostBus)
		return err
	})
	t.Cleanup(func() { conn.Close() })
	return conn
}

// floodCalls has clients of a user make calls as fast as they are answered, some of each kind, 100 at once on each
// connection. It returns how many were answered, by the name of the error.
func floodCalls(t *testing.T, user uintptr, clients, calls int) map[string]int {
	t.Helper()
	var mu sync.Mutex
	answers := map[string]int{}
	var all sync.WaitGroup
	for range clients {
		conn := busOf(t, user)
		manager := conn.Object("org.berth1", "/org/berth1")
		all.Go(func() {
			waiting := make(chan *dbus.Call, 100)
			begin := func(n int) {
				switch n % 4 {
				case 0:
					manager.Go("org.berth1.Manager.ListContainers", 0, waiting, map[string]dbus.Variant{})
				case 1:
					manager.Go("org.freedesktop.DBus.Properties.GetAll", 0, waiting, "org.berth1.Manager")
				case 2:
					manager.Go("org.berth1.Manager.GetContainerByName", 0, waiting, "web")
				case 3:
					manager.Go("org.berth1.Manager.DefineXML", 0, waiting, "<domain/>", map[string]dbus.Variant{})
				}
			}
			for n := range min(calls, 100) {
				begin(n)
			}
			for n := range calls {
				call := <-waiting
				name := ""
				if e, ok := errors.AsType[dbus.Error](call.Err); ok {
					name = e.Name
				} else if call.Err != nil {
					name = call.Err.Error()
				}
				mu.Lock()
				answers[name]++
				mu.Unlock()
				if n+100 < calls {
					begin(n)
				}
			}
		})
	}
	all.Wait()
	return answers
}

// latencies prints how long calls took.
func latencies(what string, took []time.Duration) {
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[(len(took)-1)*percent/100].Round(10 * time.Microsecond) }
	fmt.Printf("load: %s: %d calls, p50 %v, p99 %v, the longest %v\n", what, len(took), at(50), at(99), at(100))
}

// callsOfOne returns how many calls each client of a flood makes: CALLS, or so few that all tests do not take too long.
func callsOfOne(t *testing.T) int {
	t.Helper()
	text := cmp.Or(os.Getenv("CALLS"), "500")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CALLS=%s", text)
	}
	return n
}

// TestFlood: 10,000 calls of 20 clients of one user, and as many of root's, are all answered, while another user is
// served (CALLS=5000 for 100,000). Nothing is left of them in berthd, which goes on. The figures are printed.
func TestFlood(t *testing.T) {
	run(t, "systemctl", "start", "polkit.service") // the flood would, and clean would find it
	clean(t)
	sleeper(t, "web").define(t)
	pid, each := daemon(t), callsOfOne(t)
	floodCalls(t, 0, 4, 500) // what berthd keeps for good
	open, held := len(descriptors(t, pid)), resident(t, pid)
	for _, user := range []uintptr{65534, 0} {
		var took []time.Duration
		stop := make(chan struct{})
		var other sync.WaitGroup
		other.Go(func() {
			c := bus(t)
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				begun := time.Now()
				if _, err := c.List(t.Context(), client.Filter{}); err != nil {
					t.Errorf("another user's list: %v", err)
				}
				took = append(took, time.Since(begun))
			}
		})
		begun := time.Now()
		answers := floodCalls(t, user, 20, each)
		fmt.Printf("load: %d calls of user %d in %v: %v\n", 20*each, user, time.Since(begun).Round(time.Millisecond), answers)
		close(stop)
		other.Wait()
		latencies(fmt.Sprintf("root's list while user %d floods", user), took)
		total := 0
		for name, n := range answers {
			if total += n; !strings.HasPrefix(name, "org.") && name != "" {
				t.Errorf("%d calls ended with %q", n, name)
			}
		}
		if total != 20*each {
			t.Errorf("%d calls were answered", total)
		}
	}
	if now := daemon(t); now != pid {
		t.Fatalf("berthd was %d, and is %d", pid, now)
	}
	eventually(t, func() error {
		if now := len(descriptors(t, pid)); now > open {
			return fmt.Errorf("berthd had %d descriptors, and has %d", open, now)
		}
		if now := resident(t, pid); now > held+32<<10 {
			return fmt.Errorf("berthd held %d KiB, and holds %d", held, now)
		}
		return nil
	})
}

// TestListOfMany: all of 1,000 containers are listed. The time is printed.
func TestListOfMany(t *testing.T) {
	clean(t)
	const many = 1000
	c := newCrowd(t)
	c.each(t, "define", 0, many, 8, func(n int) error {
		_, err := c.client.Define(t.Context(), guest{Name: c.name(n), Root: c.root, Init: "/init"}.xml())
		return err
	})
	t.Cleanup(func() {
		c.each(t, "undefine", 0, many, 8, func(n int) error {
			path, err := c.client.ByName(context.Background(), c.name(n))
			if err != nil {
				return err
			}
			return c.client.Undefine(context.Background(), path)
		})
	})
	var took []time.Duration
	for range 200 {
		begun := time.Now()
		list, err := c.client.List(t.Context(), client.Filter{})
		if took = append(took, time.Since(begun)); err != nil || len(list) != many {
			t.Fatalf("%d containers, %v", len(list), err)
		}
	}
	latencies("list of 1,000 containers", took)
}

// TestEventsToMany: 1,000 events of ten containers reach 20 listeners, none is lost, and they come in their order. Each
// change of the state is one PropertiesChanged, before its event.
func TestEventsToMany(t *testing.T) {
	clean(t)
	const containers, rounds, listeners = 10, 50, 20
	c := bus(t)
	var paths []client.Path
	for n := range containers {
		g := sleeper(t, fmt.Sprint("web", n))
		g.start(t)
		path, err := c.ByName(t.Context(), g.Name)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	var all []*stranger.Raw
	for range listeners {
		l := stranger.DialRaw(t, hostBus)
		l.Listen(t, "sender='org.berth1'")
		all = append(all, l)
	}
	begun := time.Now()
	var calls sync.WaitGroup
	for _, path := range paths {
		calls.Go(func() {
			for range rounds {
				for _, change := range []func() error{
					func() error { return c.Suspend(t.Context(), path) }, func() error { return c.Resume(t.Context(), path) },
				} {
					if err := change(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	calls.Wait()
	for n, l := range all {
		l.Flush(t)
		if err := inOrder(l.Heard, containers*rounds*2); err != nil {
			t.Errorf("listener %d: %v", n, err)
		}
	}
	fmt.Printf("load: %d events to %d listeners in %v\n", containers*rounds*2, listeners, time.Since(begun).Round(time.Millisecond))
}

// inOrder checks that so many events were heard, each after one change of its container's state.
func inOrder(heard []*dbus.Message, want int) error {
	events, last := 0, uint64(0)
	changed := map[dbus.ObjectPath]int{}
	for _, m := range heard {
		switch m.Headers[dbus.FieldMember].Value() {
		case "PropertiesChanged":
			path := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
			if _, ok := m.Body[1].(map[string]dbus.Variant)["State"]; ok {
				changed[path]++
			} else if path != "/org/berth1" {
				return fmt.Errorf("a change of %s without its state: %v", path, m.Body)
			}
		case "Lifecycle":
			path, seq := m.Body[0].(dbus.ObjectPath), m.Body[3].(uint64)
			if last != 0 && seq != last+1 {
				return fmt.Errorf("event %d follows %d", seq, last)
			}
			if changed[path] != 1 {
				return fmt.Errorf("event %d follows %d changes of %s", seq, changed[path], path)
			}
			events, last, changed[path] = events+1, seq, 0
		}
	}
	if events != want {
		return fmt.Errorf("%d events, want %d", events, want)
	}
	return nil
}
