package lxcconf

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// nic makes an interface, or moves one of the host's.
func (c *conversion) nic(n *nic, kind string) {
	i := domain.Interface{Source: n.is("link")}
	used := []string{"type", "link", "hwaddr", "flags", "name", "mtu", "address", "ipv4.gateway", "ipv6.gateway"}
	switch kind {
	case "veth":
		i.Type = domain.InterfaceEthernet
		if i.Source != "" {
			i.Type = domain.InterfaceBridge
		}
		i.Target = n.is("veth.pair")
		c.linkName(n.keys["veth.pair"], i.Target)
		c.vethMode(n, &i)
		used = append(used, "veth.pair", "veth.mode", "veth.vlan.id", "veth.vlan.tagged.id")
	case "macvlan", "ipvlan":
		i.Type, i.Mode = domain.InterfaceDirect, c.macvlanMode(n)
		if kind == "ipvlan" {
			i.Mode = "bridge"
			c.warn(n.keys["type"], "Berth makes no ipvlan: the interface becomes a macvlan, with a MAC address of its own")
		}
		used = append(used, "macvlan.mode")
	case "phys", "vlan":
		c.hostNIC(n, kind)
		return
	default:
		c.fail(n.keys["type"], "'%.40s' is unknown; known are veth, macvlan, ipvlan, vlan, phys, empty and none", kind)
		return
	}
	if i.Source == "" && i.Type == domain.InterfaceDirect {
		c.fail(n.first, "an interface of the type '%s' needs a link of the host", kind)
		return
	}
	c.linkName(n.keys["link"], i.Source)
	i.Guest = n.is("name")
	c.linkName(n.keys["name"], i.Guest)
	i.MAC, i.MTU = c.mac(n.keys["hwaddr"]), c.mtu(n.keys["mtu"])
	if n.up(c) {
		i.Link = domain.LinkUp
	}
	i.IPs, i.Routes = c.addresses(n)
	if len(i.Routes) > 0 && i.Link == "" && len(i.IPs) == 0 {
		c.warn(n.first, "the interface is brought up, which its route needs")
		i.Link = domain.LinkUp
	}
	n.unused(c, used...)
	c.def.Interfaces = append(c.def.Interfaces, i)
}

// up reports whether an interface is brought up. Without that, init may do it: no <link> is down.
func (n *nic) up(c *conversion) bool {
	e := n.keys["flags"]
	if e.Value != "" && e.Value != "up" {
		c.warn(e, "'%.40s' has no effect; the only flag is up", e.Value)
	}
	return e.Value == "up"
}

// linkName checks the name of a link.
func (c *conversion) linkName(e syntax.Entry, name string) {
	c.refuse(e, domain.CheckLinkName("", name))
}

// mac reads a MAC address. LXC replaces each x in it.
func (c *conversion) mac(e syntax.Entry) domain.MAC {
	if strings.ContainsAny(e.Value, "xX") {
		c.warn(e, "%.40s: Berth chooses all parts of a MAC address, or none", e.Value)
		return domain.MAC{}
	}
	if e.Value == "" {
		return domain.MAC{}
	}
	m, err := domain.ParseMAC("", e.Value)
	c.refuse(e, err)
	return m
}

func (c *conversion) mtu(e syntax.Entry) uint32 {
	if e.Value == "" {
		return 0
	}
	n, err := strconv.ParseUint(e.Value, 10, 16)
	if err != nil {
		c.fail(e, "'%.40s' is not a size in bytes", e.Value)
	}
	return uint32(n)
}

func (c *conversion) macvlanMode(n *nic) string {
	e := n.keys["macvlan.mode"]
	switch e.Value {
	case "":
		return "private"
	case "private", "vepa", "bridge", "passthru":
		return strings.Replace(e.Value, "passthru", "passthrough", 1)
	}
	c.fail(e, "'%.40s' is unknown; known are private, vepa, bridge and passthru", e.Value)
	return ""
}

// vethMode reads what LXC says of a veth's end on the host.
func (c *conversion) vethMode(n *nic, i *domain.Interface) {
	if e := n.keys["veth.mode"]; e.Value != "" && e.Value != "bridge" {
		c.warn(e, "'%.40s': the host gets no route to the container by itself", e.Value)
		i.Type, i.Source = domain.InterfaceEthernet, ""
	}
	untagged, tagged := n.keys["veth.vlan.id"], n.keys["veth.vlan.tagged.id"]
	for _, e := range []syntax.Entry{untagged, tagged} {
		for word := range strings.FieldsSeq(e.Value) {
			if e.Key == untagged.Key && word == "none" {
				c.warn(e, "the port of the bridge stays in the VLAN that the bridge gives each port")
				return
			}
			id, err := strconv.ParseUint(word, 10, 12)
			if err != nil {
				c.fail(e, "'%.40s' is not the number of a VLAN", word)
				return
			}
			i.VLAN.Tags = append(i.VLAN.Tags, uint16(id))
		}
	}
	if tagged.Value != "" {
		i.VLAN.Trunk = true
		if untagged.Value != "" {
			i.VLAN.Native, i.VLAN.NativeMode = i.VLAN.Tags[0], "untagged"
		}
	}
}

// hostNIC moves a link of the host: a NIC, or the VLAN of one.
func (c *conversion) hostNIC(n *nic, kind string) {
	link := n.is("link")
	used := []string{"type", "link", "flags", "address", "ipv4.gateway", "ipv6.gateway"}
	if link == "" {
		c.fail(n.first, "an interface of the type '%s' needs a link of the host", kind)
		return
	}
	if kind == "vlan" {
		id := n.keys["vlan.id"]
		if v, err := strconv.ParseUint(id.Value, 10, 12); err != nil || v == 0 || v > 4094 {
			if id.Key == "" {
				id = n.first
			}
			c.fail(id, "an interface of the type 'vlan' needs a vlan.id from 1 to 4094")
			return
		}
		link += "." + id.Value
		used = append(used, "vlan.id")
		c.warn(n.keys["type"], "the VLAN %.40s must be there on the host, as systemd-networkd makes it; it is moved into the container", link)
	}
	c.linkName(n.keys["link"], link)
	if name := n.keys["name"]; name.Value != "" && name.Value != link {
		c.warn(name, "%.40s keeps its name in the container", link)
	}
	used = append(used, "name")
	d := domain.HostDevice{Kind: domain.HostNet, Source: link}
	d.IPs, d.Routes = c.addresses(n)
	if len(d.IPs) == 0 && len(d.Routes) > 0 {
		c.warn(n.first, "the gateway is lost: a route needs an address")
		d.Routes = nil
	}
	n.unused(c, used...)
	c.def.HostDevices = append(c.def.HostDevices, d)
}

// addresses reads the addresses and gateways of an interface.
func (c *conversion) addresses(n *nic) (ips []domain.InterfaceIP, routes []domain.Route) {
	for _, e := range n.addresses {
		words := strings.Fields(e.Value)
		if len(words) > 2 {
			c.fail(e, "'%.80s' is not ADDRESS/PREFIX", e.Value)
			continue
		}
		if len(words) == 2 {
			c.warn(e, "the kernel chooses the broadcast address, not %.40s", words[1])
		}
		p, ok := prefix(words[0])
		if !ok || p.Addr().Is4() != strings.Contains(e.Key, "ipv4") || p.Addr().IsUnspecified() || p.Addr().IsMulticast() {
			c.fail(e, "'%.60s' is not ADDRESS/PREFIX", words[0])
			continue
		}
		ips = append(ips, domain.InterfaceIP{Address: domain.Address{Addr: p.Addr()}, Prefix: uint8(p.Bits())})
	}
	for _, family := range []struct {
		key string
		all netip.Addr
	}{{"ipv4.gateway", netip.IPv4Unspecified()}, {"ipv6.gateway", netip.IPv6Unspecified()}} {
		e := n.keys[family.key]
		switch e.Value {
		case "":
			continue
		case "auto":
			c.warn(e, "auto: write the address of the bridge, which is on the host")
			continue
		case "dev":
			c.warn(e, "dev: a route needs a gateway with an address")
			continue
		}
		a, err := netip.ParseAddr(e.Value)
		if err != nil || a.Zone() != "" || a.Is4() != family.all.Is4() || a.IsUnspecified() || a.IsMulticast() {
			c.fail(e, "'%.60s' is not the address of a gateway", e.Value)
			continue
		}
		routes = append(routes, domain.Route{Network: domain.Address{Addr: family.all}, Gateway: domain.Address{Addr: a}})
	}
	return ips, routes
}

// prefix reads an address with its prefix. Without one it has that of its class, or 64, as LXC has it.
func prefix(text string) (netip.Prefix, bool) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		return p, err == nil && p.Bits() > 0 && !p.Addr().Is4In6()
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return netip.Prefix{}, false
	}
	bits := 64
	if a.Is4() {
		switch first := a.As4()[0]; {
		case first < 128:
			bits = 8
		case first < 192:
			bits = 16
		default:
			bits = 24
		}
	}
	return netip.PrefixFrom(a, bits), true
}
