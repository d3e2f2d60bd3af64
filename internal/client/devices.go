package client

import (
	"context"

	"github.com/godbus/dbus/v5"

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

// Device is a device in the definition of a container.
type Device struct {
	Kind     string // disk, filesystem, interface or hostdev
	Type     string
	Source   string
	Target   string
	Alias    string
	MAC      string
	ReadOnly bool
}

// ListDevices returns the devices of the running container, or those of its stored definition.
func (c *Client) ListDevices(ctx context.Context, p Path, o TuneOptions) ([]Device, error) {
	var reply []map[string]dbus.Variant
	if err := c.call(ctx, p, contract.ContainerInterface, "ListDevices", []any{o.options()}, &reply); err != nil {
		return nil, err
	}
	list := make([]Device, len(reply))
	for i, one := range reply {
		d := &list[i]
		for name, field := range map[string]any{
			"kind": &d.Kind, "type": &d.Type, "source": &d.Source, "target": &d.Target, "alias": &d.Alias, "mac": &d.MAC, "read-only": &d.ReadOnly,
		} {
			if v, there := one[name]; there {
				if err := store(name, v, field); err != nil {
					return nil, err
				}
			}
		}
	}
	return list, nil
}
