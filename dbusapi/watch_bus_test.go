//go:build bus

package dbusapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/service"
)

// watching subscribes a client and returns what it hears, as path, member and, of a Lifecycle, the event.
func (r *rig) watching(t *testing.T) (*dbus.Conn, func(n int) []string) {
	t.Helper()
	client := r.bus.Connect(t)
	signals := make(chan *dbus.Signal, 1000)
	client.Signal(signals)
	if err := client.Object(contract.BusName, rootPath).Call(contract.WatchInterface+".Subscribe", 0, noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	return client, func(n int) (list []string) {
		t.Helper()
		for len(list) < n {
			select {
			case s := <-signals:
				switch s.Name {
				case contract.WatchInterface + ".Relayed":
					text := fmt.Sprintf("%s %s", s.Body[0], s.Body[2])
					if args := s.Body[3].([]dbus.Variant); s.Body[2] == "Lifecycle" {
						text = fmt.Sprintf("%s %s", args[0].Value(), args[1].Value())
					}
					list = append(list, text)
				case contract.WatchInterface + ".Lost":
					list = append(list, "lost")
				}
			case <-time.After(patience):
				t.Fatalf("heard only %v", list)
			}
		}
		return list
	}
}

// TestWatch: who subscribes hears, in order, the signals of the containers that he may see and of nothing else. He
// hears also that one of them is gone. When he unsubscribes he hears nothing more (T14).
func TestWatch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.auth.set(func(_ context.Context, q question) error {
		if q.Details["container"] == "b" {
			return nil
		}
		return service.ErrDenied
	})
	client, heard := r.watching(t)
	change := func(before, after *service.Snapshot, kind events.Kind) {
		r.core.signals.Changed(before, after, &events.Event{Kind: kind})
	}
	a, b := &service.Snapshot{UUID: uuidA, Name: "a"}, &service.Snapshot{UUID: uuidB, Name: "b"}
	on := *b
	on.State = service.StateRunning
	change(nil, a, events.Defined)
	change(nil, b, events.Defined)
	change(a, nil, events.Undefined)
	r.core.signals.DeviceChanged(uuidA, "disk0", true)
	r.core.signals.DeviceChanged(uuidB, "disk0", true)
	r.core.signals.NetworkChanged("lan", uuidC, service.NetworkStarted)
	change(b, &on, events.Started)
	change(&on, nil, events.Undefined)
	path := string(ContainerPath(uuidB))
	want := []string{
		string(rootPath) + " InterfacesAdded", path + " defined", path + " DeviceAdded", path + " PropertiesChanged", path + " started",
		path + " undefined", string(rootPath) + " InterfacesRemoved",
	}
	if diff := cmp.Diff(want, heard(len(want))); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if err := client.Object(contract.BusName, rootPath).Call(contract.WatchInterface+".Unsubscribe", 0, noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the watcher to be gone", func() bool { return r.watchers() == 0 })
}

// TestWatcherDoesNotRead: what a watcher leaves unread has a bound, as answers have: his subscription ends, and he is
// told.
func TestWatcherDoesNotRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	client, heard := r.watching(t)
	r.auth.is(client, 7)
	text := strings.Repeat("x", 60<<10)
	limit := quotaOf(false).unread
	r.backlogs.says(client.Names()[0], &Backlog{limit.Bytes + 1, 0})
	for range limit.Bytes/len(text) + 100 {
		r.core.signals.MetadataChanged(uuidB, domain.MetadataDescription, text)
	}
	waitFor(t, "the subscription to end", func() bool { return r.watchers() == 0 })
	for {
		if list := heard(1); list[0] == "lost" {
			break
		}
	}
}

func (r *rig) watchers() int {
	r.core.signals.mu.Lock()
	defer r.core.signals.mu.Unlock()
	return len(r.core.signals.watchers)
}

// TestWatcherLeaves: a watcher who leaves the bus is forgotten, also while the authority is asked about him.
func TestWatcherLeaves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked := make(chan struct{}, 10)
	r.auth.set(func(ctx context.Context, _ question) error {
		asked <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	client, _ := r.watching(t)
	r.core.signals.Changed(nil, &service.Snapshot{UUID: uuidB, Name: "b"}, nil)
	<-asked
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the watcher to be gone", func() bool { return r.watchers() == 0 })
}

// TestWatcherLost: a watcher for whom too many signals wait is told that they are lost, and is no watcher any more. The
// service never waits.
func TestWatcherLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked, goOn := make(chan struct{}, 1), make(chan struct{})
	r.auth.set(func(context.Context, question) error {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-goOn
		return service.ErrDenied
	})
	_, heard := r.watching(t)
	r.core.signals.Changed(nil, &service.Snapshot{UUID: uuidB, Name: "b"}, nil)
	<-asked
	for range maxHeard + 1 {
		r.core.signals.DeviceChanged(uuidB, "disk0", true)
	}
	close(goOn)
	if got := heard(1); got[0] != "lost" {
		t.Errorf("heard %v", got)
	}
	waitFor(t, "the watcher to be gone", func() bool { return r.watchers() == 0 })
}

// TestTooManyWatchers: a user has so many subscriptions and no more. To subscribe twice is one.
func TestTooManyWatchers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	subscribe := func(c *dbus.Conn) *dbus.Call {
		return c.Object(contract.BusName, rootPath).Call(contract.WatchInterface+".Subscribe", 0, noOptions())
	}
	for range maxWatchers {
		c := r.bus.Connect(t)
		for range 2 {
			if err := subscribe(c).Err; err != nil {
				t.Fatal(err)
			}
		}
	}
	fails(t, subscribe(r.client), contract.ErrorLimitsExceeded)
}
