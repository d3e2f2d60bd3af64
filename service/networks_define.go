package service

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/netxml"
)

// Define stores a definition. An active network goes on with the one that it was started with. It returns a
// *NetworkExistsError if another network has the uuid or the bridge.
func (n *Networks) Define(ctx context.Context, xml []byte) (NetworkInfo, error) {
	d, err := netxml.Parse(xml)
	if err != nil {
		return NetworkInfo{}, err
	}
	end, err := n.begin(ctx)
	if err != nil {
		return NetworkInfo{}, err
	}
	defer end()
	list, err := n.List()
	if err != nil {
		return NetworkInfo{}, err
	}
	chosen := netxml.Chosen{UUID: netxml.NameUUID(d.Name)}
	for _, other := range list {
		if other.Name == d.Name && !other.UUID.IsZero() {
			chosen.UUID = other.UUID
		}
	}
	if d.Bridge == "" {
		if chosen.Bridge, err = n.freeBridge(d.Name, list); err != nil {
			return NetworkInfo{}, err
		}
	}
	d = d.Complete(chosen)
	if err := distinct(d, list); err != nil {
		return NetworkInfo{}, err
	}
	if err := n.Store.Save(d); err != nil {
		return NetworkInfo{}, err
	}
	n.changed(d, NetworkDefined)
	n.Log.Info("network defined", "network", d.Name)
	return n.Network(d.Name)
}

// distinct returns an error if a definition has what is another network's.
func distinct(d *netxml.Def, list []NetworkInfo) error {
	for _, other := range list {
		switch same := other.Name == d.Name; {
		case same && other.Origin == OriginOwn && !other.UUID.IsZero() && other.UUID != d.UUID,
			!same && other.UUID == d.UUID:
			return &NetworkExistsError{Name: other.Name, UUID: other.UUID.String()}
		case !same && other.Bridge == d.Bridge && (other.Forward != string(netxml.Bridge) || d.Mode != netxml.Bridge):
			return &NetworkExistsError{Name: other.Name, UUID: other.UUID.String(), Bridge: d.Bridge}
		}
	}
	return nil
}

// freeBridge chooses the name of a bridge that nobody has: neither a network nor the host. A network that is defined
// anew keeps its own.
func (n *Networks) freeBridge(name string, list []NetworkInfo) (string, error) {
	used := map[string]bool{}
	for _, other := range list {
		if other.Name == name && other.Origin == OriginOwn && other.Bridge != "" {
			return other.Bridge, nil
		}
		used[other.Bridge] = true
	}
	for i := 1; ; i++ {
		bridge := fmt.Sprintf("berth%d", i)
		if used[bridge] {
			continue
		}
		there, err := n.Host.HasLink(bridge)
		if err != nil || !there {
			return bridge, err
		}
	}
}

// Undefine removes a definition. An active network goes on, and is gone when it is stopped. It returns
// ErrForeignNetwork if the definition is not one that was made with Define.
func (n *Networks) Undefine(ctx context.Context, name string) error {
	end, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	info, err := n.Network(name)
	if err != nil {
		return err
	}
	switch {
	case !info.Persistent:
		return fmt.Errorf("%w with matching name '%s' that is stored", ErrNoNetwork, info.Name)
	case info.Origin == OriginLibvirt:
		return fmt.Errorf("%w: it is defined by libvirt, undefine it with virsh", ErrForeignNetwork)
	case info.Origin == OriginShipped:
		return fmt.Errorf("%w to undefine: it came with Berth, and a definition of the same name replaces it", ErrForeignNetwork)
	}
	if err := n.Store.SetAutostart(info.Name, false); err != nil {
		return err
	}
	if err := n.Store.Remove(info.Name); err != nil {
		return err
	}
	n.Observer.NetworkChanged(info.Name, info.UUID, NetworkUndefined)
	n.Log.Info("network undefined", "network", info.Name)
	return nil
}

// SetAutostart says whether a network is started with the first berthd after a boot.
func (n *Networks) SetAutostart(ctx context.Context, name string, on bool) error {
	end, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	info, err := n.Network(name)
	switch {
	case err != nil:
		return err
	case !info.Persistent:
		return netConflict("network", "a network without a stored definition cannot be started automatically")
	}
	if err := n.Store.SetAutostart(info.Name, on); err != nil {
		return err
	}
	if on != info.Autostart {
		n.Observer.NetworkChanged(info.Name, info.UUID, NetworkUpdated)
	}
	return nil
}

// conflicts returns an error if a network cannot be started beside what the host has: the name of its bridge or of its
// table, or its addresses, are taken. A route to a larger network is none: the host prefers the smaller.
func (n *Networks) conflicts(d *netxml.Def, p *netxml.Plan, f NetworkFacts) error {
	there, err := n.Host.HasLink(d.Bridge)
	switch {
	case err != nil:
		return err
	case there && d.Mode != netxml.Bridge:
		return netConflict("network/bridge@name", "the host has an interface %s already", d.Bridge)
	case !there && d.Mode == netxml.Bridge:
		return netConflict("network/bridge@name", "the host has no interface %s", d.Bridge)
	}
	if p != nil && p.Filter != nil {
		switch there, err := n.Host.HasFilter(p.Filter); {
		case err != nil:
			return err
		case there:
			return netConflict("network/bridge@name", "the packet filter has a table of another: remove it with \"nft delete table inet %s\", "+
				"or choose another name", p.Filter.Table)
		}
	}
	for i, ip := range d.IPs {
		element := "network/ip@address"
		if len(d.IPs) > 1 {
			element = fmt.Sprintf("network/ip[%d]@address", i+1)
		}
		for _, t := range f.Taken {
			wider := t.Route && t.Prefix.Bits() < ip.Address.Bits()
			if t.Prefix.Overlaps(ip.Address) && !wider {
				return netConflict(element, "%s overlaps with %s of the host's interface %s", ip.Address.Masked(), t.Prefix, t.Link)
			}
		}
	}
	return nil
}
