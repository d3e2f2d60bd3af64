package main

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/service"
)

// TestChronicle: each event of a container's life has one record with its id, its container and the unit that it had;
// what is in files, and what the service logs itself, has none.
func TestChronicle(t *testing.T) {
	t.Parallel()
	on := &service.Snapshot{Name: "web", UUID: domain.UUID{15: 1}, MachineName: "web", Unit: "machine-web.scope", State: service.StateRunning}
	off := &service.Snapshot{
		Name: "web", UUID: domain.UUID{15: 1}, MachineName: "web", State: service.StateShutoff, Reason: service.ReasonFailed,
		LastExit: service.Exit{Kind: "killed", Code: 9},
	}
	const who = `domain=web uuid=00000000-0000-0000-0000-000000000001 machine=web unit=machine-web.scope message_id=`
	for name, tc := range map[string]struct {
		before, after *service.Snapshot
		kind          events.Kind
		detail        events.Detail
		want          string
	}{
		"started":         {off, on, events.Started, events.Booted, `level=INFO msg="container started" ` + who + contract.MessageStarted},
		"rebooted":        {off, on, events.Rebooted, events.Guest, `level=INFO msg="container rebooted" ` + who + contract.MessageRebooted},
		"suspended":       {on, on, events.Suspended, events.Paused, `level=INFO msg="container suspended" ` + who + contract.MessageSuspended},
		"resumed":         {on, on, events.Resumed, events.Unpaused, `level=INFO msg="container resumed" ` + who + contract.MessageResumed},
		"stopped":         {on, off, events.Stopped, events.Shutdown, `level=INFO msg="container stopped" ` + who + contract.MessageStopped + " reason=failed exit=killed code=9"},
		"crashed":         {on, off, events.Stopped, events.Failed, `level=WARN msg="container crashed" ` + who + contract.MessageCrashed + " reason=failed exit=killed code=9"},
		"no second start": {off, off, events.Stopped, events.Failed, ""},
		"defined":         {nil, off, events.Defined, events.Added, ""},
		"undefined":       {off, nil, events.Undefined, events.Removed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			c := newChronicle(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime})))
			c.tell(tc.before, tc.after, &events.Event{Kind: tc.kind, Detail: tc.detail})
			c.tell(tc.before, tc.after, nil)
			c.close()
			if got := strings.TrimSuffix(out.String(), "\n"); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// stuck is a log that takes nothing until it is told to go on.
type stuck struct {
	strings.Builder
	goOn  chan struct{}
	began sync.Once
	first chan struct{} // closed at the first write
}

func (s *stuck) Write(p []byte) (int, error) {
	s.began.Do(func() { close(s.first) })
	<-s.goOn
	return s.Builder.Write(p)
}

// TestChronicleNeverWaits: with a journal that takes nothing, events are told without a wait, and the log says later
// how many are missing.
func TestChronicleNeverWaits(t *testing.T) {
	t.Parallel()
	out := &stuck{goOn: make(chan struct{}), first: make(chan struct{})}
	c := newChronicle(slog.New(slog.NewTextHandler(out, nil)))
	on := &service.Snapshot{Name: "web", State: service.StateRunning}
	tell := func() { c.tell(nil, on, &events.Event{Kind: events.Started}) }
	tell()
	<-out.first
	for range cap(c.queue) + 3 {
		tell()
	}
	close(out.goOn)
	c.close()
	if got := out.String(); strings.Count(got, "container started") != cap(c.queue)+1 || !strings.Contains(got, "count=3") {
		t.Errorf("%d records, missing told: %v", strings.Count(got, "container started"), strings.Contains(got, "count=3"))
	}
}

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
