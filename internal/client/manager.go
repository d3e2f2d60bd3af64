package client

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Summary is one row of List.
type Summary struct {
	Name  string
	ID    uint32 // 0 when off
	UUID  string
	State string
	Path  Path
}

// Filter says which containers List gives; the zero value is all.
type Filter struct {
	States     []string // nil: any state
	Persistent *bool    // nil: persistent and transient ones
	Filters    []string // of ListContainers in org.berth1(5), by name
}

// Define stores a definition and gives its container.
func (c *Client) Define(ctx context.Context, xml string) (path Path, err error) {
	err = c.manager(ctx, "DefineXML", []any{xml, noOptions()}, &path)
	return path, err
}

// Create starts a transient container.
func (c *Client) Create(ctx context.Context, xml string) (path Path, err error) {
	err = c.manager(ctx, "CreateXML", []any{xml, c.startOptions()}, &path)
	return path, err
}

// List gives the containers that a filter lets through, in no particular order.
func (c *Client) List(ctx context.Context, f Filter) (rows []Summary, err error) {
	reply, err := c.ask(ctx, "ListContainers", f.options())
	if err != nil {
		return nil, err
	}
	reply.Array(func() {
		rows = append(rows, Summary{
			Name: string(reply.Text()), ID: reply.Uint32(), UUID: string(reply.Text()), State: string(reply.Text()), Path: Path(reply.Text()),
		})
	})
	return rows, nil
}

// options returns the filter as options of a method.
func (f Filter) options() map[string]dbus.Variant {
	filter := noOptions()
	if f.States != nil {
		filter["state"] = dbus.MakeVariant(f.States)
	}
	if f.Persistent != nil {
		filter["persistent"] = dbus.MakeVariant(*f.Persistent)
	}
	if f.Filters != nil {
		filter["filters"] = dbus.MakeVariant(f.Filters)
	}
	return filter
}

// ByName finds a container.
func (c *Client) ByName(ctx context.Context, name string) (path Path, err error) {
	err = c.manager(ctx, "GetContainerByName", []any{name}, &path)
	return path, err
}

// ByUUID finds a container.
func (c *Client) ByUUID(ctx context.Context, uuid string) (path Path, err error) {
	err = c.manager(ctx, "GetContainerByUUID", []any{uuid}, &path)
	return path, err
}

// ByID finds the container that is on and has this id.
func (c *Client) ByID(ctx context.Context, id uint32) (path Path, err error) {
	err = c.manager(ctx, "GetContainerByID", []any{id}, &path)
	return path, err
}

// ByLeader finds the container whose init has this process id on the host.
func (c *Client) ByLeader(ctx context.Context, pid uint32) (path Path, err error) {
	err = c.manager(ctx, "GetContainerByLeader", []any{pid}, &path)
	return path, err
}

// Version is berthd's.
func (c *Client) Version(ctx context.Context) (version string, err error) {
	var v dbus.Variant
	if err := c.call(ctx, rootPath, propertyIface, "Get", []any{contract.ManagerInterface, "Version"}, &v); err != nil {
		return "", err
	}
	return version, store("Version", v, &version)
}

// Security says which security labels containers can get.
type Security struct {
	Model     string // "none" if they get none
	Enforcing bool
}

// Security reads that. An older berthd has no labels.
func (c *Client) Security(ctx context.Context) (Security, error) {
	var all map[string]dbus.Variant
	if err := c.call(ctx, rootPath, propertyIface, "GetAll", []any{contract.ManagerInterface}, &all); err != nil {
		return Security{}, err
	}
	s := Security{Model: "none"}
	for name, field := range map[string]any{"SecurityModel": &s.Model, "SecurityEnforcing": &s.Enforcing} {
		if v, ok := all[name]; ok {
			if err := store(name, v, field); err != nil {
				return Security{}, err
			}
		}
	}
	return s, nil
}

func (c *Client) manager(ctx context.Context, member string, args []any, results ...any) error {
	return c.call(ctx, rootPath, contract.ManagerInterface, member, args, results...)
}
