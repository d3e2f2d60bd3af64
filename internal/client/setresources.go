package client

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Resources are limits, weights and bindings by their names in org.berth1(5): a uint64, a []byte or a []DeviceNumber.
type Resources map[string]any

// DeviceNumber is a weight or limit for one block device.
type DeviceNumber struct {
	Path   string
	Number uint64
}

// TuneOptions says what SetResources changes: the running container, its stored definition, or both. Neither means the running container,
// or the stored definition if it is off.
type TuneOptions struct{ Live, Config bool }

// SetResources changes limits of a container, all or none of them.
func (c *Client) SetResources(ctx context.Context, p Path, r Resources, o TuneOptions) error {
	resources, options := map[string]dbus.Variant{}, noOptions()
	for name, value := range r {
		resources[name] = dbus.MakeVariant(value)
	}
	for name, given := range map[string]bool{"live": o.Live, "config": o.Config} {
		if given {
			options[name] = dbus.MakeVariant(true)
		}
	}
	return c.call(ctx, p, contract.ContainerInterface, "SetResources", []any{resources, options})
}
