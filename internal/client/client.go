package client

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
)

// Path names one container's object.
type Path = dbus.ObjectPath

// Errors of the connection, before and after it stands.
var (
	ErrConnect = errors.New("connect to the system bus")
	ErrLost    = errors.New("connection to the system bus lost")
)

// Client is a connection to berthd, which the bus starts when the first call needs it.
type Client struct {
	conn *bus.Conn
	stop func() bool // keeps the end of Connect's ctx from closing
	owns bool        // what it starts ends with the connection

	asking interaction
}

// Connect connects to the system bus, or to the one that DBUS_SYSTEM_BUS_ADDRESS names. The
// connection lives until Close or the end of ctx.
func Connect(ctx context.Context) (*Client, error) {
	c, err := connect(ctx, nil)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	return c, nil
}

// connect connects to a bus that dial opens. Nil opens the system bus.
func connect(ctx context.Context, dial func(context.Context) (net.Conn, error)) (*Client, error) {
	conn, err := bus.Connect(ctx, bus.Options{
		Dial:    dial,
		Replies: []map[string]string{Replies()}, MaxReply: maxReply, Descriptors: true,
		Signals: map[string]map[string]string{contract.BusName: Signals()}, Later: true,
		Library: []dbus.ConnOption{dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())}, // in their order
	})
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, stop: context.AfterFunc(ctx, func() { _ = conn.Close() })}, nil
}

// Close ends the connection; what berthd has begun goes on.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}

// AutoDestroy makes every container that the client starts from now on end with this connection to the bus.
func (c *Client) AutoDestroy() { c.owns = true }
