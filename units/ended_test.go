package units

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestDropped: systemd is trusted to drop an empty scope by itself if we saw the scope start, long enough ago, for as long
// as nothing that it says can be lost, and not for ever.
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
	cases := []struct {
		name  string
		age   time.Duration // 0: we did not see it start
		then  func(*Client)
		gone  bool
		err   error
		after time.Duration
	}{
		{"gone", settled, say(unitGone), true, nil, time.Millisecond},
		{"stopped by somebody else", settled, say(jobEnded, unitGone), true, nil, time.Millisecond},
		{"not ours", 0, nil, false, nil, 0},
		{"young", settled - 1, nil, false, nil, 0},
		{"late", settled, nil, false, nil, patience},
		{"a reload", settled, say(lookAgain), false, nil, time.Millisecond},
		{"no bus", settled, func(c *Client) { close(c.lost) }, false, ErrBusLost, time.Millisecond},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &Client{lost: make(chan struct{}), waiters: map[string][]*waiter{}, running: map[string]time.Time{}}
				if tc.age > 0 {
					c.setRunning(unit, true)
					time.Sleep(tc.age)
				}
				if tc.then != nil {
					time.AfterFunc(time.Millisecond, func() { tc.then(c) })
				}
				begun := time.Now()
				gone, err := c.dropped(t.Context(), unit)
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
		c := &Client{lost: make(chan struct{}), waiters: map[string][]*waiter{}, running: map[string]time.Time{}}
		c.setRunning("a.scope", true)
		time.Sleep(settled)
		ctx, cancel := context.WithTimeout(t.Context(), patience/2)
		defer cancel()
		if gone, err := c.dropped(ctx, "a.scope"); gone || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dropped = %v, %v", gone, err)
		}
	})
}
