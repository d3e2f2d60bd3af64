package planner

import (
	"net/netip"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Net plans the interfaces of a container.
func Net(d *domain.Def) plan.Net {
	var n plan.Net
	names := d.GuestLinks()
	for index := range d.Interfaces {
		n.Interfaces = append(n.Interfaces, interfaceOf(d, index, names[index]))
	}
	for _, index := range d.NICs() {
		n.NICs = append(n.NICs, nicOf(d, index))
	}
	return n
}

func nicOf(d *domain.Def, index int) plan.NIC {
	h := &d.HostDevices[index]
	return plan.NIC{
		Element: d.HostDeviceElement(index), Name: h.Source, Spare: d.SpareLink(index), TakesDefaultRoute: d.Extension.TakeDefaultRoute,
		Addresses: addresses(h.IPs), Up: len(h.IPs) > 0, Routes: routes(h.Routes, h.IPs),
	}
}

func interfaceOf(d *domain.Def, index int, name string) plan.Interface {
	i := &d.Interfaces[index]
	p := plan.Interface{Element: d.InterfaceElement(index), Kind: plan.Macvlan, Name: name, MAC: i.MAC.String(), MTU: i.MTU, Up: i.IsUp()}
	switch i.Type {
	case domain.InterfaceDirect:
		p.Parent, p.Mode = i.Source, i.Mode
	case domain.InterfaceNetwork, domain.InterfaceBridge, domain.InterfaceEthernet:
		p.Kind, p.Host = plan.Veth, hostEnd(d, index)
	}
	p.Addresses, p.Routes, p.Ports = addresses(i.IPs), routes(i.Routes, i.IPs), ports(i)
	return p
}

func addresses(list []domain.InterfaceIP) (out []plan.NetAddress) {
	for _, ip := range list {
		a := plan.NetAddress{Address: netip.PrefixFrom(ip.Address.Addr, int(ip.Prefix)).String()}
		if ip.Peer.IsValid() {
			a.Peer = ip.Peer.String()
		}
		out = append(out, a)
	}
	return out
}

func routes(list []domain.Route, ips []domain.InterfaceIP) (out []plan.NetRoute) {
	for _, r := range list {
		out = append(out, plan.NetRoute{
			To: netip.PrefixFrom(r.Network.Addr, int(r.Prefix)).String(), Gateway: r.Gateway.String(), Metric: max(r.Metric, 1),
			OnLink: onLink(r.Gateway.Addr, ips),
		})
	}
	return out
}

// onLink reports whether a gateway is a neighbour although no address says so: an interface whose addresses are without
// a network, /32 or /128, reaches nobody otherwise. Providers of servers hand out addresses so, and LXC takes them so.
func onLink(gateway netip.Addr, ips []domain.InterfaceIP) bool {
	alone := false
	for _, ip := range ips {
		if ip.Address.Is4() != gateway.Is4() {
			continue
		}
		if int(ip.Prefix) != ip.Address.BitLen() || ip.Peer.IsValid() {
			return false
		}
		alone = true
	}
	return alone && !gateway.IsLinkLocalUnicast()
}

// hostEnd plans the end of a veth that stays on the host. Its MAC address is that of the container's end, but for the
// first part, as with libvirt: a bridge takes the lowest address of its ports for its own, and this one is no port's
// lowest.
func hostEnd(d *domain.Def, index int) plan.HostEnd {
	i := &d.Interfaces[index]
	mac := i.MAC
	mac[0] = 0xfe
	e := plan.HostEnd{Name: d.HostLink(index), MAC: mac.String(), Alias: "berth " + d.UUID.String() + " " + strconv.Itoa(d.LinkNumber(index)), Isolated: i.Isolated == "yes", Up: i.Link != domain.LinkDown}
	e.VLANs = vlans(i.VLAN)
	e.Send, e.Receive = rate(i.Bandwidth.In), rate(i.Bandwidth.Out)
	if e.Receive.Average > 0 {
		mac[0] = 0xf6
		e.Shaper = plan.Shaper{Name: d.ShaperLink(index), MAC: mac.String()}
	}
	switch i.Type {
	case domain.InterfaceNetwork:
		e.Network = i.Source
	case domain.InterfaceBridge:
		e.Bridge = i.Source
	case domain.InterfaceEthernet, domain.InterfaceDirect:
	}
	return e
}

// rate is in bytes.
func rate(r domain.Rate) plan.Rate {
	return plan.Rate{Average: r.Average * 1000, Peak: r.Peak * 1000, Burst: r.Burst * 1024}
}

// vlans plans the VLANs of a port, the native one first, as libvirt does.
func vlans(v domain.VLAN) (list []plan.PortVLAN) {
	switch {
	case len(v.Tags) == 0:
		return nil
	case !v.Trunk:
		return []plan.PortVLAN{{ID: v.Tags[0], PVID: true, Untagged: true}}
	case v.Native != 0:
		list = append(list, plan.PortVLAN{ID: v.Native, PVID: true, Untagged: v.NativeMode == "untagged"})
	}
	for _, tag := range v.Tags {
		if tag != v.Native {
			list = append(list, plan.PortVLAN{ID: tag})
		}
	}
	return list
}
