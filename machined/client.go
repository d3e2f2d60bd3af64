package machined

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

const (
	busName = "org.freedesktop.machine1"
	busPath = dbus.ObjectPath("/org/freedesktop/machine1")
	manager = "org.freedesktop.machine1.Manager."
)

// Service is what "machinectl list" shows as the manager of our machines.
const Service = "berth"

// Machine is what machined is told.
type Machine struct {
	Name       string // a host name, at most 64 bytes
	ID         [16]byte
	Leader     uint32
	Root       string  // absolute, or "" when the root is no directory
	Interfaces []int32 // host-side interface indices
}

// Client speaks to machined over a bus connection, which stays the caller's.
type Client struct{ conn *dbus.Conn }

// New makes a client; machined itself is activated by the first call.
func New(conn *dbus.Conn) *Client { return &Client{conn: conn} }

func (c *Client) call(ctx context.Context, method string, args ...any) error {
	return c.conn.Object(busName, busPath).CallWithContext(ctx, manager+method, 0, args...).Err
}

// Register enters a machine whose leader is in its unit already. A name that is taken is an error
// from machined.
func (c *Client) Register(ctx context.Context, m Machine) error {
	interfaces := m.Interfaces
	if interfaces == nil {
		interfaces = []int32{}
	}
	args := []any{m.Name, m.ID[:], Service, "container", m.Leader, m.Root}
	err := c.call(ctx, "RegisterMachineWithNetwork", append(args, interfaces)...)
	if isError(err, "org.freedesktop.DBus.Error.UnknownMethod") {
		// Whoever stands in for machined may serve only the older method.
		err = c.call(ctx, "RegisterMachine", args...)
	}
	if err != nil {
		return fmt.Errorf("register machine %s: %w", m.Name, err)
	}
	return nil
}

// Unregister takes a machine off; when it returns the name is free. There being none is no error:
// machined drops a machine whose unit went first.
func (c *Client) Unregister(ctx context.Context, name string) error {
	err := c.call(ctx, "UnregisterMachine", name)
	if err == nil || isError(err, "org.freedesktop.machine1.NoSuchMachine") {
		return nil
	}
	return fmt.Errorf("unregister machine %s: %w", name, err)
}

// isError reports whether the bus or machined answered with this error.
func isError(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == name
}
