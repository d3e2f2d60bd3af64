package units

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	busName   = "org.freedesktop.systemd1"
	busPath   = dbus.ObjectPath("/org/freedesktop/systemd1")
	manager   = "org.freedesktop.systemd1.Manager."
	stopWish  = "org.freedesktop.systemd1.Scope.RequestStop"
	unitsPath = "/org/freedesktop/systemd1/unit/"
)

// ErrBusLost says that the connection closed while an answer was awaited.
var ErrBusLost = errors.New("the system bus connection was lost")

// Client speaks to one systemd over one bus connection.
type Client struct {
	conn    *dbus.Conn
	stop    func(unit string)
	lost    chan struct{}
	mu      sync.Mutex
	waiters map[string][]*waiter // by unit
}

// waiter takes what systemd says of one unit. Its channel is never closed, and large enough for all
// that can come while it is registered.
type waiter struct{ said chan notice }

// notice is a JobRemoved (job is set) or a UnitRemoved.
type notice struct {
	job    dbus.ObjectPath
	result string
}

// New subscribes to systemd's signals on a private connection, which stays the caller's to close.
// requestStop hears of every scope that systemd wants stopped and of which this connection is the
// Controller; it must not block.
func New(ctx context.Context, conn *dbus.Conn, requestStop func(unit string)) (*Client, error) {
	c := &Client{conn: conn, stop: requestStop, lost: make(chan struct{}), waiters: map[string][]*waiter{}}
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	go c.listen(signals)
	for _, member := range []string{"JobRemoved", "UnitRemoved"} {
		err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(busName), dbus.WithMatchObjectPath(busPath),
			dbus.WithMatchInterface(busName+".Manager"), dbus.WithMatchMember(member))
		if err != nil {
			return nil, fmt.Errorf("match %s: %w", member, err)
		}
	}
	// systemd sends signals only while somebody has subscribed.
	if err := c.call(ctx, "Subscribe").Err; err != nil {
		return nil, fmt.Errorf("subscribe to systemd: %w", err)
	}
	return c, nil
}

func (c *Client) call(ctx context.Context, method string, args ...any) *dbus.Call {
	return c.conn.Object(busName, busPath).CallWithContext(ctx, manager+method, 0, args...)
}

func (c *Client) listen(signals <-chan *dbus.Signal) {
	defer close(c.lost)
	for s := range signals {
		switch s.Name {
		case manager + "JobRemoved":
			var id uint32
			var job dbus.ObjectPath
			var unit, result string
			if dbus.Store(s.Body, &id, &job, &unit, &result) == nil {
				c.tell(unit, notice{job: job, result: result})
			}
		case manager + "UnitRemoved":
			var unit string
			var path dbus.ObjectPath
			if dbus.Store(s.Body, &unit, &path) == nil {
				c.tell(unit, notice{})
			}
		case stopWish:
			if unit, ok := unitOf(s.Path); ok {
				c.stop(unit)
			}
		}
	}
}

func (c *Client) tell(unit string, n notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waiters[unit] {
		select {
		case w.said <- n:
		default: // only who floods its own unit with jobs loses notices
		}
	}
}

// watch registers for what is said of a unit from now on; the function ends it.
func (c *Client) watch(unit string) (*waiter, func()) {
	w := &waiter{said: make(chan notice, 16)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters[unit] = append(c.waiters[unit], w)
	return w, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		list := c.waiters[unit]
		for i := range list {
			if list[i] == w {
				c.waiters[unit] = append(list[:i:i], list[i+1:]...)
			}
		}
		if len(c.waiters[unit]) == 0 {
			delete(c.waiters, unit)
		}
	}
}

// next waits for the next notice.
func (c *Client) next(ctx context.Context, w *waiter) (notice, error) {
	select {
	case n := <-w.said:
		return n, nil
	case <-ctx.Done():
		return notice{}, context.Cause(ctx)
	case <-c.lost:
		return notice{}, ErrBusLost
	}
}

// isError reports whether systemd answered with this error.
func isError(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == name
}
