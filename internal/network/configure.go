package network

import (
	"errors"
	"net"
	"net/netip"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// configure gives an interface what it has in the container: addresses, the state up, and routes. up calls what brings
// a link up.
func (m *maker) configure(i *plan.Interface, up func(bring func() error) error) error {
	link, err := m.inside.LinkByName(i.Name)
	if err != nil {
		return explain(i.Element, err, "")
	}
	// The kernel gives a macvlan in passthrough mode the address of its parent, whatever was asked for. To set it
	// changes the parent's too. The parent gets its own back when the macvlan goes.
	if mac, err := net.ParseMAC(i.MAC); err == nil && link.Attrs().HardwareAddr.String() != i.MAC {
		if err := m.inside.LinkSetHardwareAddr(link, mac); err != nil {
			return explain(i.Element+"/mac", err, "")
		}
	}
	for n, a := range i.Addresses {
		at := numbered(i.Element+"/ip", n, len(i.Addresses))
		addr, err := address(a)
		if err != nil {
			return refused(at, "%v", err)
		}
		if err := m.inside.AddrAdd(link, addr); err != nil {
			return explain(at, err, noIPv6(err, a.Address))
		}
	}
	if i.Up {
		if err := up(func() error { return m.inside.LinkSetUp(link) }); err != nil {
			return explain(i.Element, err, notUp(err, i))
		}
	}
	for n, r := range i.Routes {
		at := numbered(i.Element+"/route", n, len(i.Routes))
		route, err := route(link, r)
		if err != nil {
			return refused(at, "%v", err)
		}
		if err := m.inside.RouteAdd(route); err != nil {
			return explain(at, err, unreachable(err, r))
		}
	}
	return nil
}

// address returns an address in the library's form. With IFA_F_NODAD an address of IPv6 is usable at once.
func address(a plan.NetAddress) (*netlink.Addr, error) {
	p, err := netip.ParsePrefix(a.Address)
	if err != nil {
		return nil, err
	}
	mask := net.CIDRMask(p.Bits(), p.Addr().BitLen())
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: mask}}
	if p.Addr().Is6() {
		addr.Flags = unix.IFA_F_NODAD
	}
	if a.Peer != "" {
		peer, err := netip.ParseAddr(a.Peer)
		if err != nil {
			return nil, err
		}
		addr.Peer = &net.IPNet{IP: peer.AsSlice(), Mask: mask}
	}
	return addr, nil
}

func route(link netlink.Link, r plan.NetRoute) (*netlink.Route, error) {
	to, err1 := netip.ParsePrefix(r.To)
	gateway, err2 := netip.ParseAddr(r.Gateway)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	out := &netlink.Route{
		LinkIndex: link.Attrs().Index, Gw: gateway.AsSlice(), Priority: int(r.Metric), Protocol: unix.RTPROT_STATIC,
		Dst: &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), to.Addr().BitLen())},
	}
	if r.OnLink {
		out.Flags = int(netlink.FLAG_ONLINK)
	}
	return out, nil
}

func numbered(path string, index, count int) string {
	if count == 1 {
		return path
	}
	return path + "[" + strconv.Itoa(index+1) + "]"
}
