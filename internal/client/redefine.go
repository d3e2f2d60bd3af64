package client

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Redefine stores a new definition of a container. previous, if not "", is the stored one that it was made from: an
// Error named contract.ErrorChanged says that the container has another one by now.
func (c *Client) Redefine(ctx context.Context, p Path, previous, xml string) error {
	options := noOptions()
	if previous != "" {
		options["previous"] = dbus.MakeVariant(previous)
	}
	return c.call(ctx, p, contract.ContainerInterface, "Redefine", []any{xml, options})
}

// SetAutostart says whether a container starts with the host.
func (c *Client) SetAutostart(ctx context.Context, p Path, on bool) error {
	return c.call(ctx, p, contract.ContainerInterface, "SetAutostart", []any{on, noOptions()})
}

// Rename gives a container that is off another name.
func (c *Client) Rename(ctx context.Context, p Path, name string) error {
	return c.call(ctx, p, contract.ContainerInterface, "Rename", []any{name, noOptions()})
}

// SetAutostartOnce says whether a container starts with the next boot of the host only. A berthd that does not know
// that refuses.
func (c *Client) SetAutostartOnce(ctx context.Context, p Path, on bool) error {
	once := map[string]dbus.Variant{"once": dbus.MakeVariant(true)}
	return c.call(ctx, p, contract.ContainerInterface, "SetAutostart", []any{on, once})
}
