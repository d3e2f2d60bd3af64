package client

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Network describes a network of the host, as org.berth1(5) does.
type Network struct {
	Name, UUID, Bridge, Forward   string
	Origin                        string // berth, libvirt or shipped
	Active, Persistent, Autostart bool
	Fault                         string // why the definition cannot be used, if that is so
}

// NetworkLease is an address that a host in a network has by DHCP.
type NetworkLease struct {
	MAC, Address, ClientID string
	Prefix                 uint32
	Expires                time.Time
}

func (c *Client) network(ctx context.Context, member string, args []any, results ...any) error {
	return c.call(ctx, rootPath, contract.NetworksInterface, member, args, results...)
}

// Networks lists the networks of the host.
func (c *Client) Networks(ctx context.Context) ([]Network, error) {
	var rows []map[string]dbus.Variant
	if err := c.network(ctx, "ListNetworks", []any{noOptions()}, &rows); err != nil {
		return nil, err
	}
	list := make([]Network, len(rows))
	for i, row := range rows {
		n, err := networkOf(row)
		if err != nil {
			return nil, err
		}
		list[i] = n
	}
	return list, nil
}

// Network describes the network with a name or uuid.
func (c *Client) Network(ctx context.Context, name string) (Network, error) {
	var row map[string]dbus.Variant
	if err := c.network(ctx, "GetNetwork", []any{name}, &row); err != nil {
		return Network{}, err
	}
	return networkOf(row)
}

func networkOf(row map[string]dbus.Variant) (n Network, err error) {
	return n, storeAll(row, map[string]any{
		"name": &n.Name, "uuid": &n.UUID, "bridge": &n.Bridge, "forward": &n.Forward, "origin": &n.Origin, "active": &n.Active,
		"persistent": &n.Persistent, "autostart": &n.Autostart, "fault": &n.Fault,
	})
}

// storeAll stores the values that a dictionary has, and leaves out what this client does not know.
func storeAll(row map[string]dbus.Variant, fields map[string]any) error {
	for key, field := range fields {
		v, ok := row[key]
		if !ok {
			continue
		}
		if err := store(key, v, field); err != nil {
			return err
		}
	}
	return nil
}

// NetworkXML reads the definition of a network.
func (c *Client) NetworkXML(ctx context.Context, name string, d Definition) (xml string, err error) {
	options := noOptions()
	if d == Inactive {
		options["inactive"] = dbus.MakeVariant(true)
	}
	err = c.network(ctx, "GetNetworkXML", []any{name, options}, &xml)
	return xml, err
}

// NetworkLeases reads the addresses that hosts in an active network have by DHCP.
func (c *Client) NetworkLeases(ctx context.Context, name string) ([]NetworkLease, error) {
	var rows []map[string]dbus.Variant
	if err := c.network(ctx, "GetNetworkLeases", []any{name, noOptions()}, &rows); err != nil {
		return nil, err
	}
	list := make([]NetworkLease, len(rows))
	for i, row := range rows {
		var expires uint64
		l := &list[i]
		err := storeAll(row, map[string]any{
			"mac": &l.MAC, "address": &l.Address, "client-id": &l.ClientID, "prefix": &l.Prefix, "expires-usec": &expires,
		})
		if err != nil {
			return nil, err
		}
		l.Expires = time.UnixMicro(int64(expires))
	}
	return list, nil
}

// DefineNetwork stores a network and returns its name.
func (c *Client) DefineNetwork(ctx context.Context, xml string) (name string, err error) {
	err = c.network(ctx, "DefineNetworkXML", []any{xml, noOptions()}, &name)
	return name, err
}

// UndefineNetwork removes a stored network.
func (c *Client) UndefineNetwork(ctx context.Context, name string) error {
	return c.network(ctx, "UndefineNetwork", []any{name, noOptions()})
}

// StartNetwork makes a network active.
func (c *Client) StartNetwork(ctx context.Context, name string) error {
	return c.network(ctx, "StartNetwork", []any{name, noOptions()})
}

// DestroyNetwork ends a network.
func (c *Client) DestroyNetwork(ctx context.Context, name string) error {
	return c.network(ctx, "DestroyNetwork", []any{name, noOptions()})
}

// SetNetworkAutostart says whether the first berthd after a boot starts a network.
func (c *Client) SetNetworkAutostart(ctx context.Context, name string, on bool) error {
	return c.network(ctx, "SetNetworkAutostart", []any{name, on, noOptions()})
}
