package machined

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

const (
	busName = "org.freedesktop.machine1"
	busPath = dbus.ObjectPath("/org/freedesktop/machine1")
	manager = "org.freedesktop.machine1.Manager."

	properties = "org.freedesktop.DBus.Properties."

	noSuchMachine = "org.freedesktop.machine1.NoSuchMachine"
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

// Replies are the signatures of the replies to the methods that a Client calls, for a connection that reads
// no others.
func Replies() map[string]string {
	return map[string]string{
		manager + "RegisterMachineWithNetwork": "o",
		manager + "RegisterMachine":            "o",
		manager + "UnregisterMachine":          "",
		manager + "ListMachines":               "a(ssso)",
		properties + "GetAll":                  "a{sv}",
	}
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

// Owns reports whether the machine of a name is ours with this id.
func (c *Client) Owns(ctx context.Context, name string, id [16]byte) (bool, error) {
	_, ours, err := c.get(ctx, machinePath(name), id)
	if err != nil && !isError(err, noSuchMachine) {
		return false, fmt.Errorf("machine %s: %w", name, err)
	}
	return ours, nil
}

// Unregister takes a machine off; when it returns the name is free. A missing machine is no error: machined
// drops a machine whose unit went first. It does not look whose the machine is: see Owns.
func (c *Client) Unregister(ctx context.Context, name string) error {
	err := c.call(ctx, "UnregisterMachine", name)
	if err == nil || isError(err, noSuchMachine) {
		return nil
	}
	return fmt.Errorf("unregister machine %s: %w", name, err)
}

// Registered is a machine as machined has it.
type Registered struct {
	Name   string
	Unit   string
	Leader uint32
}

// Find looks for our machine with an id, under any name.
func (c *Client) Find(ctx context.Context, id [16]byte) (m Registered, found bool, err error) {
	var list []struct {
		Name, Class, Service string
		Path                 dbus.ObjectPath
	}
	if err := c.conn.Object(busName, busPath).CallWithContext(ctx, manager+"ListMachines", 0).Store(&list); err != nil {
		return Registered{}, false, fmt.Errorf("list machines: %w", err)
	}
	for _, row := range list {
		if row.Service != Service {
			continue
		}
		m, ours, err := c.get(ctx, row.Path, id)
		if err != nil && !isError(err, noSuchMachine) {
			return Registered{}, false, fmt.Errorf("machine %s: %w", row.Name, err)
		}
		if ours {
			return m, true, nil
		}
	}
	return Registered{}, false, nil
}

// get reads a machine and reports whether it is ours with this id.
func (c *Client) get(ctx context.Context, path dbus.ObjectPath, id [16]byte) (m Registered, ours bool, err error) {
	var all map[string]dbus.Variant
	err = c.conn.Object(busName, path).CallWithContext(ctx, properties+"GetAll", 0, busName+".Machine").Store(&all)
	if isError(err, "org.freedesktop.DBus.Error.UnknownObject") {
		return Registered{}, false, nil
	}
	if err != nil {
		return Registered{}, false, err
	}
	is, _ := all["Id"].Value().([]byte)
	service, _ := all["Service"].Value().(string)
	m.Name, _ = all["Name"].Value().(string)
	m.Unit, _ = all["Unit"].Value().(string)
	m.Leader, _ = all["Leader"].Value().(uint32)
	return m, service == Service && bytes.Equal(is, id[:]), nil
}

// machinePath is the object of a machine: its name with all but letters and digits, and a digit in front,
// escaped (sd_bus_path_encode(3)).
func machinePath(name string) dbus.ObjectPath {
	var b strings.Builder
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if letter || (c >= '0' && c <= '9' && i > 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return busPath + "/machine/" + dbus.ObjectPath(b.String())
}

// isError reports whether the bus or machined answered with this error.
func isError(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == name
}
