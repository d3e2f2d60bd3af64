package units

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
)

// TestDropped: systemd is trusted to drop an empty scope by itself if we saw the scope start, long enough ago, for as
// long as nothing that it says can be lost, and not for ever.
func TestDropped(t *testing.T) {
	t.Parallel()
	const unit = "a.scope"
	say := func(kinds ...kind) func(*Client) {
		return func(c *Client) {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, k := range kinds {
				c.tell(unit, notice{kind: k})
			}
		}
	}
	removed := func(c *Client) {
		c.hear(&dbus.Signal{Name: manager + "UnitRemoved", Body: []any{unit, dbus.ObjectPath("/")}})
	}
	fileRemoved := func(c *Client) { c.fileRemoved(unit) }
	cases := []struct {
		name  string
		age   time.Duration // 0: we did not see it start
		then  func(*Client)
		gone  bool
		err   error
		after time.Duration
		group bool // the control group is gone

		before func(*Client)
	}{
		{"gone", settled, say(unitGone), true, nil, time.Millisecond, false, nil},
		{"stopped by somebody else", settled, say(jobEnded, unitGone), true, nil, time.Millisecond, false, nil},
		{"file and group gone", settled, say(fileGone), true, nil, time.Millisecond, true, nil},
		{"file gone, but not the group", settled, say(fileGone), false, nil, patience, false, nil},
		{"file gone before the group", settled, say(fileGone, unitGone), true, nil, time.Millisecond, false, nil},
		{"gone before", settled, nil, true, nil, 0, false, removed},
		{"gone before, and young", 1, nil, true, nil, 0, false, removed},
		{"file gone before", settled, nil, true, nil, 0, true, fileRemoved},
		{"file gone before, but not the group", settled, say(unitGone), true, nil, time.Millisecond, false, fileRemoved},
		{"file of an earlier unit", settled - 1, nil, false, nil, 0, true, fileRemoved},
		{"not ours", 0, nil, false, nil, 0, false, nil},
		{"young", settled - 1, nil, false, nil, 0, false, nil},
		{"late", settled, nil, false, nil, patience, false, nil},
		{"a reload", settled, say(lookAgain), false, nil, time.Millisecond, false, nil},
		{"no bus", settled, func(c *Client) { close(c.lost) }, false, ErrBusLost, time.Millisecond, false, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &Client{lost: make(chan struct{}), waiters: map[string][]*waiter{}, started: map[string]*started{}}
				if tc.age > 0 {
					c.begun(unit)
					time.Sleep(tc.age)
				}
				if tc.before != nil {
					tc.before(c)
				}
				if tc.then != nil {
					time.AfterFunc(time.Millisecond, func() { tc.then(c) })
				}
				begun := time.Now()
				gone, err := c.dropped(t.Context(), unit, func() bool { return tc.group })
				if gone != tc.gone || !errors.Is(err, tc.err) || time.Since(begun) != tc.after {
					t.Errorf("dropped = %v, %v after %v", gone, err, time.Since(begun))
				}
				if len(c.waiters) > 0 {
					t.Error("it still waits")
				}
				synctest.Wait()
			})
		})
	}
}

// TestDroppedGivesUp: the wait ends with its context.
func TestDroppedGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &Client{lost: make(chan struct{}), waiters: map[string][]*waiter{}, started: map[string]*started{}}
		c.begun("a.scope")
		time.Sleep(settled)
		ctx, cancel := context.WithTimeout(t.Context(), patience/2)
		defer cancel()
		if gone, err := c.dropped(ctx, "a.scope", nil); gone || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dropped = %v, %v", gone, err)
		}
	})
}
