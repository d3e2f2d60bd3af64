package units

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/godbus/dbus/v5"
)

// BusName is systemd's name on the bus.
const BusName = "org.freedesktop.systemd1"

const (
	busName = BusName
	busPath = dbus.ObjectPath("/org/freedesktop/systemd1")
	manager = "org.freedesktop.systemd1.Manager."

	// noReply is the bus's answer to a call whose receiver left the bus, as systemd does to execute itself anew. It
	// holds new calls until systemd is back.
	noReply    = "org.freedesktop.DBus.Error.NoReply"
	noSuchUnit = "org.freedesktop.systemd1.NoSuchUnit"
)

// ErrBusLost says that the connection was closed before systemd's answer.
var ErrBusLost = errors.New("the system bus connection was lost")

// Peer calls systemd's methods. It makes a call wait while too many are without an answer.
type Peer interface {
	Call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call
	Go(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call
}

// Client speaks to one systemd over one bus connection.
type Client struct {
	conn *dbus.Conn
	peer Peer
	lost chan struct{}

	mu        sync.Mutex
	owner     string // systemd's unique name; daemon-reexec changes it
	reloading bool
	waiters   map[string][]*waiter // by unit
	files     io.Closer            // the watch of the units' files; nil before the first start
	watchDir  func(dir string, removed func(name string)) (io.Closer, error)
	dropIns   io.Closer // the watch of their drop-ins
	watchSet  func() (io.Closer, error)
	changed   func(unit string)
	tuned     map[string]bool     // units that have or had drop-ins
	started   map[string]*started // scopes that we saw start, until somebody waits for their end
}

// New subscribes to systemd's signals on a private connection. The caller still has to close the connection. It
// needs godbus's sequential signal handler, and must let Replies and Signals through. The peer calls BusName over
// this connection.
func New(ctx context.Context, conn *dbus.Conn, peer Peer) (*Client, error) {
	if len(conn.Names()) == 0 {
		return nil, errors.New("systemd client: the connection has no name on a bus")
	}
	c := &Client{
		conn: conn, peer: peer, lost: make(chan struct{}),
		waiters: map[string][]*waiter{}, started: map[string]*started{}, tuned: map[string]bool{},
	}
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	go c.listen(signals)
	if err := c.findOwner(ctx); err != nil {
		return nil, err
	}
	for _, member := range []string{"JobRemoved", "UnitRemoved", "Reloading"} {
		err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(busName), dbus.WithMatchObjectPath(busPath),
			dbus.WithMatchInterface(busName+".Manager"), dbus.WithMatchMember(member))
		if err != nil {
			return nil, fmt.Errorf("match %s: %w", member, err)
		}
	}
	// systemd sends signals only while somebody is subscribed. It remembers the subscription when it executes
	// itself anew.
	if err := c.call(ctx, "Subscribe").Err; err != nil {
		return nil, fmt.Errorf("subscribe to systemd: %w", err)
	}
	return c, nil
}

// Lost returns a channel that is closed when the connection is gone. The client does not connect again: it
// would miss systemd's signals meanwhile, so the daemon must start anew and recover.
func (c *Client) Lost() <-chan struct{} { return c.lost }

func (c *Client) call(ctx context.Context, method string, args ...any) *dbus.Call {
	return c.peer.Call(ctx, busPath, manager+method, args...)
}

// ask calls a method that changes nothing. If systemd executes itself anew and loses the call, it asks the new one.
func (c *Client) ask(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	for {
		call := c.peer.Call(ctx, path, method, args...)
		if !isError(call.Err, noReply) || ctx.Err() != nil {
			return call
		}
	}
}

// explain adds ErrBusLost to an error if the connection is closed.
func (c *Client) explain(err error) error {
	if err == nil || errors.Is(err, ErrBusLost) || c.conn.Connected() {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBusLost, err)
}

// isError reports whether the bus or systemd answered with this error.
func isError(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == name
}
