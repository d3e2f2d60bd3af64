package units

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// waiter collects the notices about one unit. It has no limit, so neither the listener nor systemd ever waits
// for a caller.
type waiter struct {
	unit string
	said []notice      // guarded by Client.mu
	wake chan struct{} // one slot
}

// notice is one signal of systemd about a unit.
type notice struct {
	kind   kind
	at     dbus.Sequence // its place among the replies to calls
	job    dbus.ObjectPath
	result string
}

type kind int

const (
	jobEnded  kind = iota + 1
	unitGone       // the unit is no longer loaded
	fileGone       // its file was removed: systemd is about to unload it
	lookAgain      // signals may have been lost
)

// watch returns a waiter that collects the notices about a unit from now on.
func (c *Client) watch(unit string) *waiter {
	w := &waiter{unit: unit, wake: make(chan struct{}, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters[unit] = append(c.waiters[unit], w)
	return w
}

func (c *Client) leave(w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.waiters[w.unit]
	for i := range list {
		if list[i] == w {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if c.waiters[w.unit] = list; len(list) == 0 {
		delete(c.waiters, w.unit)
	}
}

// tell gives a notice to the waiters of a unit. The caller holds mu.
func (c *Client) tell(unit string, n notice) {
	for _, w := range c.waiters[unit] {
		w.said = append(w.said, n)
		select {
		case w.wake <- struct{}{}:
		default: // the waiter is awake already
		}
	}
}

// tellAll gives a notice to all waiters. The caller holds mu.
func (c *Client) tellAll(n notice) {
	for unit := range c.waiters {
		c.tell(unit, n)
	}
}

// heard returns the notices that have come since the last call.
func (c *Client) heard(w *waiter) []notice {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := w.said
	w.said = nil
	return list
}

// wait returns when notices have come. It returns ErrBusLost if the connection is closed, and the context's
// cause if ctx ends.
func (c *Client) wait(ctx context.Context, w *waiter) error {
	select {
	case <-w.wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.lost:
		return ErrBusLost
	}
}
