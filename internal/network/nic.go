package network

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/service"
)

// FindNICs looks the NICs of a plan up on the host, and returns what is needed to give them back. It returns a
// *domain.Error, which names the element, if the host has none of a name, or cannot do without it.
func (Links) FindNICs(list []plan.NIC) (found []service.NIC, err error) {
	host, err := open()
	if err != nil {
		return nil, err
	}
	defer host.Close()
	for i := range list {
		link, err := findNIC(host, &list[i])
		if err != nil {
			return nil, err
		}
		found = append(found, noteOf(link, list[i].Spare))
	}
	return found, nil
}

// noteOf returns what the note has of a NIC.
func noteOf(link netlink.Link, spare string) service.NIC {
	a := link.Attrs()
	n := service.NIC{Name: a.Name, Spare: spare, Index: int32(a.Index), Kind: link.Type(), MAC: a.HardwareAddr.String(), MTU: a.MTU, Up: a.Flags&net.FlagUp != 0}
	if a.ParentDev != "" {
		n.Device = a.ParentDevBus + "/" + a.ParentDev
	}
	if len(a.PermHWAddr) > 0 {
		n.Permanent = a.PermHWAddr.String()
	}
	return n
}

// isNIC reports whether a link is the NIC of a note. The container can change its name and addresses, but not the kind,
// the device and the address that it was made with. One without a device has its number in the container's network
// namespace, too: NICs are the first ones there.
func isNIC(link netlink.Link, n *service.NIC) bool {
	return looksLike(link, n) && (n.Device != "" || link.Attrs().Index == int(n.Index))
}

// looksLike reports whether a link has all that nobody can change of a NIC, except for its number.
func looksLike(link netlink.Link, n *service.NIC) bool {
	l := noteOf(link, n.Spare)
	return l.Kind == n.Kind && l.Device == n.Device && l.Permanent == n.Permanent
}

func findNIC(host *netlink.Handle, n *plan.NIC) (netlink.Link, error) {
	at := n.Element + "/source/interface"
	link, err := host.LinkByName(n.Name)
	if err != nil {
		return nil, explain(at, err, "the host has no network interface '"+n.Name+"'")
	}
	a := link.Attrs()
	switch {
	case a.MasterIndex != 0:
		return nil, refused(at, "the host's link '%s' is a port of a bridge or a bond, which would lose it", n.Name)
	case link.Type() == "bridge", a.Flags&net.FlagLoopback != 0:
		return nil, refused(at, "the kernel moves no link of the kind '%s' into a container", link.Type())
	case strings.HasPrefix(a.Alias, "berth "):
		return nil, refused(at, "the host's link '%s' belongs to a container", n.Name)
	case n.TakesDefaultRoute:
		return link, nil
	}
	needed, err := carriesDefaultRoute(host, a.Index)
	if err != nil {
		return nil, explain(at, err, "")
	}
	if needed {
		return nil, refused(at, "the host's default route goes by '%s', and so the host would lose its network; "+
			"if that is meant, add <berth:take_default_route/>", n.Name)
	}
	return link, nil
}

// carriesDefaultRoute reports whether a default route of the host goes by a link, or by one on top of it.
func carriesDefaultRoute(host *netlink.Handle, index int) (bool, error) {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := host.RouteListFiltered(family, &netlink.Route{}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return false, fmt.Errorf("routes: %w", err)
		}
		for i := range routes {
			if !isDefault(&routes[i]) {
				continue
			}
			hops := []int{routes[i].LinkIndex}
			for _, hop := range routes[i].MultiPath {
				hops = append(hops, hop.LinkIndex)
			}
			for _, hop := range hops {
				if over, err := isOver(host, hop, index); err != nil || over {
					return over, err
				}
			}
		}
	}
	return false, nil
}

func isDefault(r *netlink.Route) bool {
	if r.Dst == nil {
		return true
	}
	ones, _ := r.Dst.Mask.Size()
	return ones == 0 && r.Dst.IP.IsUnspecified()
}

// isOver reports whether a link is another one, or is made on it, such as a VLAN's.
func isOver(host *netlink.Handle, link, below int) (bool, error) {
	const depth = 8 // the kernel's limit of links on links (MAX_NEST_DEV)
	for range depth {
		if link == below {
			return true, nil
		}
		if link == 0 {
			return false, nil
		}
		l, err := host.LinkByIndex(link)
		if isGone(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if l.Attrs().NetNsID >= 0 { // what it is made on is in another network namespace
			return false, nil
		}
		link = l.Attrs().ParentIndex
	}
	return false, nil
}

// moveNIC moves a NIC of the host into the container's network namespace, where it has its number and name.
func (m *maker) moveNIC(p *plan.NIC, n *service.NIC) error {
	at := p.Element + "/source/interface"
	link, err := m.host.LinkByIndex(int(n.Index))
	if err == nil && !isNIC(link, n) {
		err = unix.ENODEV
	}
	if err == nil {
		err = m.host.LinkSetNsFd(link, int(m.netns))
	}
	if err != nil {
		return explain(at, err, notMoved(err, p.Name))
	}
	return m.configure(&plan.Interface{
		Element: p.Element, Kind: plan.InterfaceKind(n.Kind), Name: p.Name, Addresses: p.Addresses, Up: p.Up, Routes: p.Routes,
	}, func(bring func() error) error { return bring() })
}

// notMoved says why a NIC could not be moved.
func notMoved(err error, name string) string {
	switch {
	case isGone(err):
		return "the host's network interface '" + name + "' has just gone"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP):
		return "the kernel does not move the host's link '" + name + "' into a container"
	}
	return ""
}
