package main

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/journal"
	"github.com/berthd/berth/service"
)

// chronicle writes the life of containers to the log: that they start, stop, crash and so on. It writes in one
// goroutine, because a start must not wait for the journal. If the journal is too slow, it counts the records that it
// leaves out.
type chronicle struct {
	log   *slog.Logger
	queue chan happening
	lost  atomic.Int64
	ended chan struct{} // closed by close
	done  chan struct{} // closed when everything is written
}

// happening is one event, with the container before and after it.
type happening struct {
	before, after *service.Snapshot // one of them may be nil
	event         events.Event
}

func newChronicle(log *slog.Logger) *chronicle {
	const room = 1024 // more than the events that all starts of a burst make in the time of a write
	c := &chronicle{log: log, queue: make(chan happening, room), ended: make(chan struct{}), done: make(chan struct{})}
	go c.write()
	return c
}

// tell notes an event. It does not wait.
func (c *chronicle) tell(before, after *service.Snapshot, event *events.Event) {
	if event == nil {
		return
	}
	select {
	case c.queue <- happening{before, after, *event}:
	default:
		c.lost.Add(1)
	}
}

// close writes what was told before.
func (c *chronicle) close() {
	close(c.ended)
	<-c.done
}

func (c *chronicle) write() {
	defer close(c.done)
	for {
		select {
		case h := <-c.queue:
			c.record(h)
			continue
		case <-c.ended:
		}
		for {
			select {
			case h := <-c.queue:
				c.record(h)
			default:
				return
			}
		}
	}
}

// record writes the record of an event, if there is one for its kind.
func (c *chronicle) record(h happening) {
	ctx := context.Background()
	if n := c.lost.Swap(0); n > 0 {
		c.log.LogAttrs(ctx, slog.LevelWarn, "events of containers are not in the log: the journal is too slow", slog.Int64("count", n))
	}
	text, id, level := message(h)
	if text == "" {
		return
	}
	attrs := []slog.Attr{h.who(), slog.String(journal.MessageID, id)}
	if h.event.Kind == events.Stopped && h.after != nil {
		attrs = append(attrs, slog.String("reason", string(h.after.Reason)), slog.String("exit", h.after.LastExit.Kind), slog.Int("code", int(h.after.LastExit.Code)))
	}
	c.log.LogAttrs(ctx, level, text, attrs...)
}

// message returns the text, the id and the level of an event's record. The text is "" if it has none.
func message(h happening) (text, id string, level slog.Level) {
	switch h.event.Kind {
	case events.Started:
		return "container started", contract.MessageStarted, slog.LevelInfo
	case events.Rebooted:
		return "container rebooted", contract.MessageRebooted, slog.LevelInfo
	case events.Suspended:
		return "container suspended", contract.MessageSuspended, slog.LevelInfo
	case events.Resumed:
		return "container resumed", contract.MessageResumed, slog.LevelInfo
	case events.Stopped:
		if h.before != nil && !h.before.State.Active() {
			return "", "", 0 // it did not start again, and service has said why
		}
		if h.event.Detail == events.Failed {
			return "container crashed", contract.MessageCrashed, slog.LevelWarn
		}
		return "container stopped", contract.MessageStopped, slog.LevelInfo
	}
	return "", "", 0 // what is defined is in files, and service itself logs OOM kills, with the process
}

// who names the container, with the unit that it had if it has none any more.
func (h happening) who() slog.Attr {
	now := h.after
	if now == nil {
		now = h.before
	}
	if now.Unit == "" && h.before != nil && h.before.Unit != "" {
		was := *now
		was.Unit = h.before.Unit
		now = &was
	}
	return now.Who()
}
