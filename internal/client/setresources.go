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

// TuneOptions says what a change of limits or devices is for: the running container, its stored definition, or both.
// Neither means the running container, or the stored definition if it is off.
type TuneOptions struct{ Live, Config bool }

// SetResources changes limits of a container, all or none of them.
func (c *Client) SetResources(ctx context.Context, p Path, r Resources, o TuneOptions) error {
	resources := map[string]dbus.Variant{}
	for name, value := range r {
		resources[name] = dbus.MakeVariant(value)
	}
	return c.call(ctx, p, contract.ContainerInterface, "SetResources", []any{resources, o.options()})
}

func (o TuneOptions) options() map[string]dbus.Variant {
	options := noOptions()
	for name, given := range map[string]bool{"live": o.Live, "config": o.Config} {
		if given {
			options[name] = dbus.MakeVariant(true)
		}
	}
	return options
}

// Resources reads the limits of a container: those of the running one, or those of its stored definition. Only the
// fields of an Info that are limits are set.
func (c *Client) Resources(ctx context.Context, p Path, o TuneOptions) (Info, error) {
	var i Info
	var reply map[string]dbus.Variant
	if err := c.call(ctx, p, contract.ContainerInterface, "GetResources", []any{o.options()}, &reply); err != nil {
		return i, err
	}
	fields := i.fields()
	for name, v := range reply {
		field, known := fields[name]
		if !known {
			continue // a newer berthd has more
		}
		if err := store(name, v, field); err != nil {
			return Info{}, err
		}
	}
	return i, nil
}
