package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// maker makes the interfaces of one container.
type maker struct {
	host, inside *netlink.Handle
	netns        netlink.NsFd
	seen         map[string]netlink.Link // bridges and parents, by name
	indices      []int32                 // of the links by which the host reaches the container
	made         []int32                 // all links on the host
	inner        []string                // those without an end on the host, in the container
}

// undo removes the links that were made. Those in the container go with its network namespace, but it may go on.
func (m *maker) undo() error {
	var errs []error
	for _, name := range m.inner {
		link, err := m.inside.LinkByName(name)
		if err == nil {
			err = m.inside.LinkDel(link)
		}
		if err != nil && !isGone(err) {
			errs = append(errs, fmt.Errorf("link %s: %w", name, err))
		}
	}
	for _, index := range m.made {
		err := m.host.LinkDel(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Index: int(index)}})
		if err != nil && !isGone(err) {
			errs = append(errs, fmt.Errorf("link %d: %w", index, err))
		}
	}
	return errors.Join(errs...)
}

func (m *maker) add(ctx context.Context, i *plan.Interface) error {
	if i.Kind == plan.Macvlan {
		return m.macvlan(ctx, i)
	}
	if err := m.veth(i); err != nil {
		return err
	}
	return m.configure(i, func(bring func() error) error { return bring() })
}

// veth makes a pair of links, and brings the host's end up.
func (m *maker) veth(i *plan.Interface) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = i.Host.Name, int(i.MTU)
	bridge, err := m.bridge(i)
	if err != nil {
		return err
	}
	if bridge != nil && attrs.MTU == 0 {
		attrs.MTU = bridge.Attrs().MTU
	}
	// Else the kernel makes one for each processor, and takes all but one out of use again, which waits for RCU.
	attrs.NumTxQueues, attrs.NumRxQueues = 1, 1
	pair := netlink.NewVeth(attrs)
	pair.PeerName, pair.PeerNamespace = i.Name, m.netns
	if pair.HardwareAddr, err = net.ParseMAC(i.Host.MAC); err != nil {
		return err
	}
	if pair.PeerHardwareAddr, err = net.ParseMAC(i.MAC); err != nil {
		return err
	}
	if err := m.host.LinkAdd(pair); err != nil {
		return explain(i.Element, err, m.whyNot(err, i))
	}
	m.made = append(m.made, int32(pair.Index))
	m.tell(pair, bridge)
	if err := m.host.LinkSetAlias(pair, i.Host.Alias); err != nil {
		return explain(i.Element, err, "")
	}
	if bridge != nil {
		if err := m.host.LinkSetMasterByIndex(pair, bridge.Attrs().Index); err != nil {
			return explain(i.Element+"/source", err, port(err, i.Host.Bridge))
		}
		if err := m.tag(i, bridge, pair); err != nil {
			return err
		}
	}
	if i.Host.Isolated {
		if err := m.host.LinkSetIsolated(pair, true); err != nil {
			return explain(i.Element+"/port", err, "")
		}
	}
	if err := m.shape(i, pair); err != nil {
		return err
	}
	if bridge != nil && len(i.Ports) > 0 && bridgesFilter() {
		if err := m.host.LinkSetHairpin(pair, true); err != nil {
			return explain(i.Element, err, "")
		}
	}
	if bridge == nil {
		if err := refuseAdvertisements(i.Host.Name); err != nil {
			return explain(i.Element, err, "")
		}
	}
	if i.Host.Up {
		if err := m.host.LinkSetUp(pair); err != nil {
			return explain(i.Element, err, "")
		}
	}
	return nil
}

// bridge finds the bridge of the host that an interface is on. It returns nil if it is on none.
func (m *maker) bridge(i *plan.Interface) (netlink.Link, error) {
	if i.Host.Bridge == "" {
		return nil, nil
	}
	bridge, err := m.find(i.Host.Bridge)
	if err != nil {
		return nil, explain(i.Element+"/source", err, "the host has no bridge '"+i.Host.Bridge+"'")
	}
	if bridge.Type() != "bridge" {
		return nil, refused(i.Element+"/source", "'%s' is no bridge of Linux but a link of the kind '%s'", i.Host.Bridge, bridge.Type())
	}
	return bridge, nil
}

// whyNot says why a veth could not be made.
func (m *maker) whyNot(err error, i *plan.Interface) string {
	if errors.Is(err, unix.EEXIST) {
		if _, there := m.host.LinkByName(i.Host.Name); isGone(there) {
			return taken(i)
		}
	}
	return made(err, i)
}

// refuseAdvertisements keeps the host from taking router advertisements from the container, which could make itself the
// host's default route. A port of a bridge hears none: the bridge has them. A host without IPv6 has no such file.
func refuseAdvertisements(name string) error {
	err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/accept_ra", []byte("0"), 0) // the file is there
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// tell notes the link by which the host reaches the container: the bridge, if the host's end is a port of one. An
// address of the container's that is valid on one link only cannot be reached by a port. systemd-nspawn does the same.
func (m *maker) tell(end, bridge netlink.Link) {
	index := int32(end.Attrs().Index)
	if bridge != nil {
		index = int32(bridge.Attrs().Index)
	}
	if !slices.Contains(m.indices, index) {
		m.indices = append(m.indices, index)
	}
}

// bridgesFilter reports whether bridges of the host translate addresses by themselves (br_netfilter). A packet of a
// container for one of its own forwarded ports then never reaches the host, and must go out where it came in.
func bridgesFilter() bool {
	text, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables")
	return err == nil && string(text) == "1\n"
}

// find looks a link of the host up, once.
func (m *maker) find(name string) (netlink.Link, error) {
	if link := m.seen[name]; link != nil {
		return link, nil
	}
	link, err := m.host.LinkByName(name)
	if err != nil {
		return nil, err
	}
	m.seen[name] = link
	return link, nil
}

// isTooLarge reports whether a link refused its MTU.
func isTooLarge(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ERANGE) }
