package machined

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

// BusName is machined's name on the bus.
const BusName = "org.freedesktop.machine1"

const (
	busPath = dbus.ObjectPath("/org/freedesktop/machine1")
	manager = "org.freedesktop.machine1.Manager."

	properties = "org.freedesktop.DBus.Properties."

	noSuchMachine = "org.freedesktop.machine1.NoSuchMachine"
	unknownObject = "org.freedesktop.DBus.Error.UnknownObject"
)

// Service is the manager of our machines, as "machinectl list" shows it.
const Service = "berth"

// Machine is a machine to register.
type Machine struct {
	Name       string // a host name, at most 64 bytes
	ID         [16]byte
	Leader     uint32
	Root       string  // absolute path, or "" if the root is not a directory
	Interfaces []int32 // host-side interface indices
}

// Replies returns the signatures of the replies to the methods that a Client calls. The connection reads no
// other replies.
func Replies() map[string]string {
	return map[string]string{
		manager + "RegisterMachineWithNetwork": "o",
		manager + "RegisterMachine":            "o",
		manager + "UnregisterMachine":          "",
		manager + "ListMachines":               "a(ssso)",
		properties + "GetAll":                  "a{sv}",
	}
}

// Client speaks to machined over a bus connection.
type Client struct{ peer Peer }

// Peer calls machined's methods. It makes a call wait while too many are without an answer.
type Peer interface {
	Call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call
}

// New returns a client. The peer calls BusName. The first call activates machined.
func New(peer Peer) *Client { return &Client{peer} }

func (c *Client) call(ctx context.Context, method string, args ...any) error {
	return c.peer.Call(ctx, busPath, manager+method, args...).Err
}

// Register registers a machine. Its leader must be in its unit already. It returns machined's error if the
// name is taken.
func (c *Client) Register(ctx context.Context, m Machine) error {
	interfaces := m.Interfaces
	if interfaces == nil {
		interfaces = []int32{}
	}
	args := []any{m.Name, m.ID[:], Service, "container", m.Leader, m.Root}
	err := c.call(ctx, "RegisterMachineWithNetwork", append(args, interfaces)...)
	if isError(err, "org.freedesktop.DBus.Error.UnknownMethod") {
		// A replacement for machined may have only the older method.
		err = c.call(ctx, "RegisterMachine", args...)
	}
	if err != nil {
		return fmt.Errorf("register machine %s: %w", m.Name, err)
	}
	return nil
}

// Owns reports whether a name is that of our machine with this id. A missing machine is not ours.
func (c *Client) Owns(ctx context.Context, name string, id [16]byte) (bool, error) {
	_, ours, err := c.get(ctx, machinePath(name), id)
	if err != nil && !isError(err, noSuchMachine) {
		return false, fmt.Errorf("machine %s: %w", name, err)
	}
	return ours, nil
}

// Unregister unregisters a machine. It returns when machined has forgotten the machine. A missing machine is no
// error: machined forgets a machine when its unit is gone. The caller has asked Owns whose the machine is.
func (c *Client) Unregister(ctx context.Context, name string) error {
	err := c.call(ctx, "UnregisterMachine", name)
	if err == nil || isError(err, noSuchMachine) {
		return nil
	}
	return fmt.Errorf("unregister machine %s: %w", name, err)
}

// Registered is a machine as machined reports it.
type Registered struct {
	Name   string
	Unit   string
	Leader uint32
}

// Find returns our machine with an id, under any name. found is false if there is none.
func (c *Client) Find(ctx context.Context, id [16]byte) (m Registered, found bool, err error) {
	list, err := c.list(ctx)
	if err != nil {
		return Registered{}, false, err
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

// Other is a machine of another manager.
type Other struct {
	Name, Service, Root string // Root is a directory of the host
}

// Others returns the machines of other managers that have a root directory, besides the host itself. One that goes
// meanwhile is left out.
func (c *Client) Others(ctx context.Context) (others []Other, err error) {
	list, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range list {
		if row.Service == Service || row.Class == "host" {
			continue
		}
		all, err := c.all(ctx, row.Path)
		switch {
		case isError(err, noSuchMachine), isError(err, unknownObject):
			continue
		case err != nil:
			return nil, fmt.Errorf("machine %s: %w", row.Name, err)
		}
		if root, _ := all["RootDirectory"].Value().(string); root != "" {
			others = append(others, Other{row.Name, row.Service, root})
		}
	}
	return others, nil
}

// row is a machine in machined's list.
type row struct {
	Name, Class, Service string
	Path                 dbus.ObjectPath
}

func (c *Client) list(ctx context.Context) (list []row, err error) {
	if err := c.peer.Call(ctx, busPath, manager+"ListMachines").Store(&list); err != nil {
		return nil, fmt.Errorf("list machines: %w", err)
	}
	return list, nil
}

// all reads the properties of a machine.
func (c *Client) all(ctx context.Context, path dbus.ObjectPath) (all map[string]dbus.Variant, err error) {
	err = c.peer.Call(ctx, path, properties+"GetAll", BusName+".Machine").Store(&all)
	return all, err
}

// get reads a machine and reports whether it is ours with this id.
func (c *Client) get(ctx context.Context, path dbus.ObjectPath, id [16]byte) (m Registered, ours bool, err error) {
	all, err := c.all(ctx, path)
	if isError(err, unknownObject) {
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

// machinePath returns the object path of a machine. It escapes every byte of the name that is no letter or
// digit, and a digit in front (sd_bus_path_encode(3)).
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
