package main

import (
	"sync"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/metrics"
	"github.com/berthd/berth/service"
)

// tally counts what happens to containers, for the metrics. A container to which nothing has happened costs nothing.
type tally struct {
	mu     sync.Mutex
	total  metrics.Lives
	byUUID map[domain.UUID]*metrics.Lives
}

func newTally() *tally { return &tally{byUUID: map[domain.UUID]*metrics.Lives{}} }

// rebooted is the reason of a stop that no listener is told of: the start that follows stands for both.
const rebooted = "rebooted"

// stopReasons returns why containers stop.
func stopReasons() []string {
	list := []string{rebooted}
	for _, r := range []service.Reason{service.ReasonShutdown, service.ReasonDestroyed, service.ReasonFailed, service.ReasonOOM} {
		list = append(list, string(r))
	}
	return list
}

// note counts a change of a container.
func (t *tally) note(before, after *service.Snapshot, event *events.Event) {
	if after == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.byUUID, before.UUID)
		return
	}
	started, failed, stopped := happened(before, after, event)
	if !started && !failed && stopped == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.byUUID[after.UUID]
	if own == nil {
		own = &metrics.Lives{}
		t.byUUID[after.UUID] = own
	}
	for _, l := range []*metrics.Lives{&t.total, own} {
		if started {
			l.Starts++
		}
		if failed {
			l.Failures++
		}
		if stopped != "" {
			if l.Stops == nil {
				l.Stops = map[string]uint64{}
			}
			l.Stops[stopped]++
		}
	}
}

// happened tells from a change whether a container was started, whether a start failed, and why it has stopped.
func happened(before, after *service.Snapshot, event *events.Event) (started, failed bool, stopped string) {
	if before != nil && before.State == service.StateStarting && after.State == service.StateShutoff {
		return false, true, ""
	}
	if event == nil {
		return false, false, ""
	}
	switch event.Kind {
	case events.Started:
		return true, false, ""
	case events.Rebooted:
		return true, false, rebooted
	case events.Stopped:
		if before != nil && before.State.Active() {
			return false, false, string(after.Reason)
		}
	}
	return false, false, ""
}

// sums returns copies of what was counted, in all and of each container that is listed.
func (t *tally) sums(list []service.Stats) (total metrics.Lives, each []metrics.Lives) {
	t.mu.Lock()
	defer t.mu.Unlock()
	each = make([]metrics.Lives, len(list))
	for i := range list {
		if own := t.byUUID[list[i].UUID]; own != nil {
			each[i] = own.Copy()
		}
	}
	return t.total.Copy(), each
}
