package main

import (
	"sync/atomic"
	"testing"
	"time"
)

// quiet is a server and a service with as many calls and containers as a test says.
type quiet struct {
	calls, active  atomic.Int64
	idle, activity chan struct{}
}

func newQuiet() *quiet {
	return &quiet{idle: make(chan struct{}, 1), activity: make(chan struct{}, 1)}
}

func (q *quiet) InFlight() int         { return int(q.calls.Load()) }
func (q *quiet) Idle() <-chan struct{} { return q.idle }
func (q *quiet) containers() int       { return int(q.active.Load()) }

// A limit that tests can wait for several times, and a time by which what must happen has happened.
const (
	short = 20 * time.Millisecond
	ample = 10 * time.Second
)

// TestIdle: the daemon is idle when no call is in flight and no container is on, and not before.
func TestIdle(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit        time.Duration
		calls, works int64 // containers
		end          func(*quiet)
	}{
		"nothing at all":         {short, 0, 0, nil},
		"a call in flight":       {short, 1, 0, func(q *quiet) { q.calls.Store(0); q.idle <- struct{}{} }},
		"a container":            {short, 0, 1, func(q *quiet) { q.active.Store(0); q.activity <- struct{}{} }},
		"a call and a container": {short, 1, 1, func(q *quiet) { q.calls.Store(0); q.active.Store(0); q.activity <- struct{}{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuiet()
			q.calls.Store(tc.calls)
			q.active.Store(tc.works)
			over := idle(q, q.containers, q.activity, tc.limit)
			if tc.end != nil {
				select {
				case <-over:
					t.Fatal("it is idle while something is going on")
				case <-time.After(5 * short):
				}
				tc.end(q)
			}
			select {
			case <-over:
			case <-time.After(ample):
				t.Error("it never becomes idle")
			}
		})
	}
}

// TestNeverIdle: without a limit the daemon is never idle.
func TestNeverIdle(t *testing.T) {
	t.Parallel()
	q := newQuiet()
	select {
	case <-idle(q, q.containers, q.activity, 0):
		t.Error("without a limit it is idle")
	case <-time.After(5 * short):
	}
}

// TestIdleStartsAnew: the limit counts from the last call or change.
func TestIdleStartsAnew(t *testing.T) {
	t.Parallel()
	const limit = 300 * time.Millisecond
	for name, sign := range map[string]func(*quiet) chan struct{}{
		"call":   func(q *quiet) chan struct{} { return q.idle },
		"change": func(q *quiet) chan struct{} { return q.activity },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuiet()
			over := idle(q, q.containers, q.activity, limit)
			var last time.Time
			for range 5 {
				time.Sleep(limit / 4)
				last = time.Now()
				sign(q) <- struct{}{}
			}
			<-over
			if took := time.Since(last); took < limit {
				t.Errorf("idle %v after the last %s, limit %v", took, name, limit)
			}
		})
	}
}
