package client

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// InterfaceInfo is an interface of a container, with what can change while it runs.
type InterfaceInfo struct {
	Interface

	LinkState string // "up" or "down"
	In, Out   Rate   // what the container receives and sends
}

// Rate limits one direction of an interface, in bytes a second and bytes. 0 means no limit.
type Rate struct{ Average, Peak, Burst uint64 }

// LinkChange is a change of an interface. What is nil stays.
type LinkChange struct {
	State   *string
	In, Out *Rate
}

// Interfaces reads the interfaces of the running container, or of its stored definition.
func (c *Client) Interfaces(ctx context.Context, p Path, o TuneOptions) ([]InterfaceInfo, error) {
	var rows []map[string]dbus.Variant
	if err := c.call(ctx, p, contract.ContainerInterface, "GetInterfaces", []any{o.options()}, &rows); err != nil {
		return nil, err
	}
	list := make([]InterfaceInfo, len(rows))
	for n, row := range rows {
		i := &list[n]
		err := storeAll(row, map[string]any{
			"name": &i.Name, "type": &i.Type, "source": &i.Source, "link": &i.Link, "mac": &i.MAC, "model": &i.Model, "link-state": &i.LinkState,
			"inbound-average": &i.In.Average, "inbound-peak": &i.In.Peak, "inbound-burst": &i.In.Burst,
			"outbound-average": &i.Out.Average, "outbound-peak": &i.Out.Peak, "outbound-burst": &i.Out.Burst,
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// SetInterface changes an interface, by a name or its MAC address.
func (c *Client) SetInterface(ctx context.Context, p Path, name string, change LinkChange, o TuneOptions) error {
	properties := map[string]dbus.Variant{}
	if change.State != nil {
		properties["link-state"] = dbus.MakeVariant(*change.State)
	}
	for way, r := range map[string]*Rate{"inbound-": change.In, "outbound-": change.Out} {
		if r != nil {
			properties[way+"average"], properties[way+"peak"], properties[way+"burst"] = dbus.MakeVariant(r.Average), dbus.MakeVariant(r.Peak), dbus.MakeVariant(r.Burst)
		}
	}
	return c.call(ctx, p, contract.ContainerInterface, "SetInterface", []any{name, properties, o.options()})
}

// InterfaceAddress is an address of an interface of a running container.
type InterfaceAddress struct {
	Name, Link, MAC string
	Address         string
	Prefix          uint32
}

// InterfaceAddresses reads the addresses of a running container's interfaces as a source knows them: lease, arp or
// agent. From agent a link without an address is there, too.
func (c *Client) InterfaceAddresses(ctx context.Context, p Path, source string) ([]InterfaceAddress, error) {
	var rows []map[string]dbus.Variant
	if err := c.call(ctx, p, contract.ContainerInterface, "GetInterfaceAddresses", []any{source, noOptions()}, &rows); err != nil {
		return nil, err
	}
	list := make([]InterfaceAddress, len(rows))
	for n, row := range rows {
		a := &list[n]
		if err := storeAll(row, map[string]any{"name": &a.Name, "link": &a.Link, "mac": &a.MAC, "address": &a.Address, "prefix": &a.Prefix}); err != nil {
			return nil, err
		}
	}
	return list, nil
}
