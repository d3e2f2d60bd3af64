package domain

import (
	"encoding/xml"
	"net/netip"
)

// Forward is one <berth:port> of an interface: a port of the host whose connections go to the container.
type Forward struct {
	Proto   string  // tcp or udp
	Host    uint16  // the host's port
	Guest   uint16  // the container's
	Address Address // the only address of the host that has it; zero means all
}

// maxForwards is the most that a container can have: each is an open socket of berthd.
const maxForwards = 256

// ifacePort is <port>, libvirt's and ours: encoding/xml cannot have two fields of one local name.
type ifacePort struct {
	XMLName  xml.Name
	Isolated string  `xml:"isolated,attr,omitempty"`
	Proto    string  `xml:"proto,attr,omitempty"`
	Host     *uint64 `xml:"host,attr"`
	Guest    *uint64 `xml:"guest,attr"`
	Address  string  `xml:"address,attr,omitempty"`
}

// readPorts reads <port> and all <berth:port>.
func readPorts(i *Interface, at string, x *iface, f *faults) {
	for n := range x.Ports {
		port := &x.Ports[n]
		if port.XMLName.Space != berthNamespace {
			readPort(i, at, port, f)
			continue
		}
		here := nth(at+"/berth:port", len(i.Forwards))
		i.Forwards = append(i.Forwards, readForward(here, port, f))
	}
	if len(i.Forwards) == 0 {
		return
	}
	first := at + "/berth:port"
	switch {
	case len(i.Forwards) > maxForwards:
		f.unsupported(nth(first, maxForwards), "there are more than %d ports", maxForwards)
	case i.Type == InterfaceDirect:
		f.unsupported(first, "an interface of the type 'direct' is on the network of the host's link: its ports can be reached there, and the host cannot forward any")
	case len(i.IPs) == 0 && i.Type != InterfaceNetwork:
		f.unsupported(first, "the interface has no <ip>, and the host does not learn the addresses that others give")
	case len(i.IPs) > 0:
		for n, p := range i.Forwards {
			if four, six := i.Targets(p); !four.IsValid() && !six.IsValid() {
				f.unsupported(nth(first, n)+"@address", "the interface has no <ip> of the family of this address")
			}
		}
	}
}

func readForward(at string, x *ifacePort, f *faults) (p Forward) {
	if p.Proto = x.Proto; p.Proto == "" {
		p.Proto = "tcp"
	}
	if p.Proto != "tcp" && p.Proto != "udp" {
		f.unsupported(at+"@proto", "'%.40s' is unknown; known are tcp, udp", p.Proto)
	}
	p.Host = f.port(at+"@host", x.Host)
	if p.Guest = p.Host; x.Guest != nil {
		p.Guest = f.port(at+"@guest", x.Guest)
	}
	if x.Address == "" {
		return p
	}
	a, e := parseAddress(at+"@address", x.Address, "")
	f.add(e)
	switch {
	case e != nil:
	case a.IsUnspecified() || a.IsMulticast():
		f.invalid(at+"@address", "%s is not an address of the host; without this attribute, all have the port", a)
	case a.Is6() && a.IsLoopback():
		f.unsupported(at+"@address", "the kernel forwards nothing that comes for ::1; use 127.0.0.1")
	default:
		p.Address = a
	}
	return p
}

// port checks the number of a port.
func (f *faults) port(at string, n *uint64) uint16 {
	const most = 65535
	if n == nil || *n == 0 || *n > most {
		f.invalid(at, "it is missing or not from 1 to %d", most)
		return 0
	}
	return uint16(*n)
}

// checkForwards finds ports of the host that two <berth:port> of a definition have.
func checkForwards(d *Def, f *faults) {
	type place struct {
		at string
		Forward
	}
	var seen []place
	for n := range d.Interfaces {
		for m, p := range d.Interfaces[n].Forwards {
			at := nth(nth(atInterface, n)+"/berth:port", m)
			for _, other := range seen {
				if p.Host != 0 && p.Overlaps(other.Forward) {
					f.invalid(at+"@host", "the <berth:port> at %s has the host's port %s %d already", f.numbered(other.at), p.Proto, p.Host)
					break
				}
			}
			seen = append(seen, place{at, p})
		}
	}
}

// Overlaps reports whether two ports of the host are the same on an address.
func (p Forward) Overlaps(other Forward) bool {
	return p.Proto == other.Proto && p.Host == other.Host &&
		(!p.Address.IsValid() || !other.Address.IsValid() || p.Address == other.Address)
}

// Targets returns the addresses of the interface that a port is forwarded to, one of each family; none of IPv4 if DHCP
// is to give it.
func (i *Interface) Targets(p Forward) (four, six netip.Addr) {
	for _, ip := range i.IPs {
		switch {
		case p.Address.IsValid() && p.Address.Is4() != ip.Address.Is4():
		case ip.Address.Is4() && !four.IsValid():
			four = ip.Address.Addr
		case ip.Address.Is6() && !six.IsValid() && !ip.Address.IsLinkLocalUnicast():
			six = ip.Address.Addr
		}
	}
	return four, six
}

func formatForwards(i *Interface) (list []ifacePort) {
	if i.Isolated != "" {
		list = append(list, ifacePort{XMLName: xml.Name{Local: "port"}, Isolated: i.Isolated})
	}
	for _, p := range i.Forwards {
		x := ifacePort{XMLName: xml.Name{Space: berthNamespace, Local: "port"}, Proto: p.Proto, Host: wide(p.Host), Guest: wide(p.Guest)}
		if p.Address.IsValid() {
			x.Address = p.Address.String()
		}
		list = append(list, x)
	}
	return list
}

// hasForwards reports whether a definition needs Berth's namespace for its interfaces.
func (d *Def) hasForwards() bool {
	for n := range d.Interfaces {
		if len(d.Interfaces[n].Forwards) > 0 {
			return true
		}
	}
	return false
}
