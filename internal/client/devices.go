package client

import (
	"context"

	"github.com/berthd/berth/contract"
)

// AttachDevice gives a container one more device, which is one element of domain XML.
func (c *Client) AttachDevice(ctx context.Context, p Path, xml string, o TuneOptions) error {
	return c.call(ctx, p, contract.ContainerInterface, "AttachDevice", []any{xml, o.options()})
}

// DetachDevice takes a device from a container.
func (c *Client) DetachDevice(ctx context.Context, p Path, xml string, o TuneOptions) error {
	return c.call(ctx, p, contract.ContainerInterface, "DetachDevice", []any{xml, o.options()})
}

// DetachDeviceAlias takes the device with an alias from a container.
func (c *Client) DetachDeviceAlias(ctx context.Context, p Path, alias string, o TuneOptions) error {
	return c.call(ctx, p, contract.ContainerInterface, "DetachDeviceAlias", []any{alias, o.options()})
}

// UpdateDevice gives a device of a container other properties.
func (c *Client) UpdateDevice(ctx context.Context, p Path, xml string, o TuneOptions) error {
	return c.call(ctx, p, contract.ContainerInterface, "UpdateDevice", []any{xml, o.options()})
}
