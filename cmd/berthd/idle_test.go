package main

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// quiet is a server and a service with as many calls and containers as a test says.
type quiet struct {
	calls, active, worked atomic.Int64
	idle, activity        chan struct{}
}

func newQuiet() *quiet {
	return &quiet{idle: make(chan struct{}, 1), activity: make(chan struct{}, 1)}
}

func (q *quiet) InFlight() int         { return int(q.calls.Load()) }
func (q *quiet) Idle() <-chan struct{} { return q.idle }
func (q *quiet) containers() int       { return int(q.active.Load()) }

const idleLimit = time.Minute

// isOver reports whether the daemon was found idle.
func isOver(over <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// TestIdle: the daemon is idle when no call is in flight and no container is on, and not before.
func TestIdle(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		calls, works int64 // containers
		end          func(*quiet)
	}{
		"nothing at all":         {0, 0, nil},
		"a call in flight":       {1, 0, func(q *quiet) { q.calls.Store(0); q.idle <- struct{}{} }},
		"a container":            {0, 1, func(q *quiet) { q.active.Store(0); q.activity <- struct{}{} }},
		"a call and a container": {1, 1, func(q *quiet) { q.calls.Store(0); q.active.Store(0); q.activity <- struct{}{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQuiet()
				q.calls.Store(tc.calls)
				q.active.Store(tc.works)
				over := idle(t.Context(), q, q.containers, q.activity, idleLimit, func() { q.worked.Add(1) })
				if tc.end != nil {
					time.Sleep(5 * idleLimit)
					if isOver(over) {
						t.Fatal("it is idle while something is going on")
					}
					tc.end(q)
				}
				time.Sleep(idleLimit)
				if !isOver(over) {
					t.Error("it never becomes idle")
				}
			})
		})
	}
}

// TestNeverIdle: without a limit the daemon is never idle, and the ends of work are noted all the same.
func TestNeverIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQuiet()
		over := idle(t.Context(), q, q.containers, q.activity, 0, func() { q.worked.Add(1) })
		time.Sleep(1000 * time.Hour)
		q.idle <- struct{}{}
		q.activity <- struct{}{}
		time.Sleep(1000 * time.Hour)
		if isOver(over) {
			t.Error("without a limit it is idle")
		}
		if n := q.worked.Load(); n != 2 {
			t.Errorf("work has ended %d times, not twice", n)
		}
	})
}

// TestIdleStartsAnew: the limit counts from the last call or change.
func TestIdleStartsAnew(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]func(*quiet) chan struct{}{
		"call":   func(q *quiet) chan struct{} { return q.idle },
		"change": func(q *quiet) chan struct{} { return q.activity },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newQuiet()
				over := idle(t.Context(), q, q.containers, q.activity, idleLimit, func() { q.worked.Add(1) })
				for range 5 {
					time.Sleep(idleLimit - 1)
					sign(q) <- struct{}{}
					synctest.Wait()
				}
				time.Sleep(idleLimit - 1)
				if isOver(over) {
					t.Errorf("it is idle before the limit, counted from the last %s", name)
				}
				time.Sleep(time.Nanosecond)
				if !isOver(over) {
					t.Errorf("it is not idle at the limit, counted from the last %s", name)
				}
			})
		})
	}
}
