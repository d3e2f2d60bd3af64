package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/metrics"
	"github.com/berthd/berth/service"
)

// TestTally: starts, failed starts and stops are counted once each, of the container and in all, and those of a
// container that is gone stay in the sum only.
func TestTally(t *testing.T) {
	t.Parallel()
	snap := func(st service.State, r service.Reason) *service.Snapshot {
		return &service.Snapshot{UUID: domain.UUID{15: 1}, State: st, Reason: r}
	}
	off, starting, on := snap(service.StateShutoff, ""), snap(service.StateStarting, ""), snap(service.StateRunning, "")
	ended := func(r service.Reason) *service.Snapshot { return snap(service.StateShutoff, r) }
	type change struct {
		before, after *service.Snapshot
		event         events.Kind
	}
	life := []change{
		{nil, off, events.Defined},
		{off, starting, ""},
		{starting, on, events.Started},
		{on, on, ""},
		{on, ended(service.ReasonShutdown), ""},
		{off, starting, ""},
		{starting, on, events.Rebooted},
		{on, ended(service.ReasonOOM), events.Stopped},
		{ended(service.ReasonOOM), starting, ""},
		{starting, ended(service.ReasonFailed), ""},
		{ended(service.ReasonFailed), ended(service.ReasonFailed), events.Stopped},
	}
	want := metrics.Lives{Starts: 2, Failures: 1, Stops: map[string]uint64{"rebooted": 1, "oom": 1}}
	y := newTally()
	for _, c := range life {
		var e *events.Event
		if c.event != "" {
			e = &events.Event{Kind: c.event}
		}
		y.note(c.before, c.after, e)
	}
	list := []service.Stats{{Snapshot: *off}, {Snapshot: service.Snapshot{UUID: domain.UUID{15: 2}}}}
	total, each := y.sums(list)
	if diff := cmp.Diff([]metrics.Lives{want, want, {}}, append([]metrics.Lives{total}, each...)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	y.note(off, nil, nil)
	total, each = y.sums(list)
	if diff := cmp.Diff([]metrics.Lives{want, {}, {}}, append([]metrics.Lives{total}, each...)); diff != "" {
		t.Errorf("after it is gone: -want +got\n%s", diff)
	}
}

// TestFormatFor: who accepts OpenMetrics gets that, and everybody else the text of Prometheus.
func TestFormatFor(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]metrics.Format{
		"": metrics.Text, "*/*": metrics.Text, "text/plain;version=0.0.4": metrics.Text,
		"application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5": metrics.OpenMetrics,
	} {
		if got := formatFor(accept); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
