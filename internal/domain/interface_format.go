package domain

import "libvirt.org/go/libvirtxml"

// iface is the element <interface>, in libvirt's order. libvirtxml's type hides which of the attributes of <source> a
// document has.
type iface struct {
	Type      string                  `xml:"type,attr"`
	MAC       *ifaceMAC               `xml:"mac"`
	Source    *ifaceSource            `xml:"source"`
	VLAN      *ifaceVLAN              `xml:"vlan"`
	Bandwidth *ifaceBandwidth         `xml:"bandwidth"`
	Ports     []ifacePort             `xml:"port"` // libvirt's and ours
	IPs       []ifaceIP               `xml:"ip"`
	Routes    []ifaceRoute            `xml:"route"`
	Target    *ifaceDev               `xml:"target"`
	Guest     *ifaceGuest             `xml:"guest"`
	Model     *ifaceModel             `xml:"model"`
	Link      *ifaceLink              `xml:"link"`
	MTU       *ifaceMTU               `xml:"mtu"`
	Alias     *libvirtxml.DomainAlias `xml:"alias"`
}

type ifaceMAC struct {
	Address string `xml:"address,attr"`
}

type ifaceSource struct {
	Network   string `xml:"network,attr,omitempty"`
	PortGroup string `xml:"portgroup,attr,omitempty"`
	Bridge    string `xml:"bridge,attr,omitempty"`
	Dev       string `xml:"dev,attr,omitempty"`
	Mode      string `xml:"mode,attr,omitempty"`
}

type ifaceIP struct {
	Address string  `xml:"address,attr"`
	Family  string  `xml:"family,attr,omitempty"`
	Prefix  *uint64 `xml:"prefix,attr"`
	Peer    string  `xml:"peer,attr,omitempty"`
}

type ifaceRoute struct {
	Family  string  `xml:"family,attr,omitempty"`
	Address string  `xml:"address,attr"`
	Prefix  *uint64 `xml:"prefix,attr"`
	Netmask string  `xml:"netmask,attr,omitempty"` // read only
	Gateway string  `xml:"gateway,attr"`
	Metric  *uint64 `xml:"metric,attr"`
}

type ifaceDev struct {
	Dev string `xml:"dev,attr,omitempty"`
}

type ifaceGuest struct {
	Dev    string `xml:"dev,attr,omitempty"`
	Actual string `xml:"actual,attr,omitempty"` // in the note of a run only
}

type ifaceModel struct {
	Type string `xml:"type,attr"`
}

type ifaceLink struct {
	State string `xml:"state,attr"`
}

type ifaceMTU struct {
	Size *uint64 `xml:"size,attr"`
}

// formatInterfaces writes the interfaces. Those of a running container also show the names of their host ends, and the
// bridges of their networks.
func (d *Def) formatInterfaces(o FormatOptions) (list []iface) {
	for n := range d.Interfaces {
		i := &d.Interfaces[n]
		x := formatInterface(i)
		x.Alias = i.Alias.format(KindInterface, n, o)
		if name := d.HostLink(n); o.Live != nil && name != "" {
			x.Target = &ifaceDev{Dev: name}
			if i.Type == InterfaceNetwork {
				x.Source.Bridge = o.Live.Bridges[name]
			}
		}
		if o.Run && i.Actual != "" {
			x.Guest = &ifaceGuest{i.Guest, i.Actual}
		}
		list = append(list, x)
	}
	return list
}

func formatInterface(i *Interface) iface {
	x := iface{Type: string(i.Type)}
	if i.MAC != (MAC{}) {
		x.MAC = &ifaceMAC{Address: i.MAC.String()}
	}
	switch i.Type {
	case InterfaceNetwork:
		x.Source = &ifaceSource{Network: i.Source, PortGroup: i.PortGroup}
	case InterfaceBridge:
		x.Source = &ifaceSource{Bridge: i.Source}
	case InterfaceDirect:
		x.Source = &ifaceSource{Dev: i.Source, Mode: i.Mode}
	case InterfaceEthernet:
	}
	x.VLAN, x.Bandwidth = formatVLAN(i.VLAN), formatBandwidth(i.Bandwidth)
	x.IPs, x.Routes = formatAddresses(i.IPs), formatRoutes(i.Routes)
	if i.Target != "" {
		x.Target = &ifaceDev{Dev: i.Target}
	}
	if i.Guest != "" {
		x.Guest = &ifaceGuest{Dev: i.Guest}
	}
	if i.Model != "" {
		x.Model = &ifaceModel{Type: i.Model}
	}
	if i.Link != LinkDefault {
		x.Link = &ifaceLink{State: i.Link}
	}
	if i.MTU > 0 {
		x.MTU = &ifaceMTU{Size: wide(i.MTU)}
	}
	x.Ports = formatForwards(i)
	return x
}

func formatAddresses(list []InterfaceIP) (out []ifaceIP) {
	for _, ip := range list {
		one := ifaceIP{Address: ip.Address.String(), Family: ip.Address.family(), Prefix: wide(ip.Prefix)}
		if ip.Peer.IsValid() {
			one.Peer = ip.Peer.String()
		}
		out = append(out, one)
	}
	return out
}

func formatRoutes(list []Route) (out []ifaceRoute) {
	for _, r := range list {
		one := ifaceRoute{Family: r.Network.family(), Address: r.Network.String(), Gateway: r.Gateway.String()}
		if r.Prefix > 0 || !r.Network.IsUnspecified() { // nobody writes the prefix of the default route
			one.Prefix = wide(r.Prefix)
		}
		if r.Metric > 0 {
			one.Metric = wide(r.Metric)
		}
		out = append(out, one)
	}
	return out
}

func wide[N uint8 | uint16 | uint32](n N) *uint64 {
	v := uint64(n)
	return &v
}
