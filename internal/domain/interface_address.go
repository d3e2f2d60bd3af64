package domain

import (
	"math"
	"net/netip"
	"strings"
)

// readAddresses reads <ip> and <route>.
func readAddresses(i *Interface, at string, x *iface, f *faults) {
	seen := map[Address]bool{}
	for n := range x.IPs {
		here := nth(at+"/ip", n)
		ip, ok := readIP(here, &x.IPs[n], f)
		if ok && seen[ip.Address] {
			f.invalid(here+"@address", "the interface has the address %s already", ip.Address)
		}
		seen[ip.Address] = true
		i.IPs = append(i.IPs, ip)
	}
	for n := range x.Routes {
		i.Routes = append(i.Routes, readRoute(nth(at+"/route", n), &x.Routes[n], f))
	}
	if len(i.Routes) > 0 && !i.IsUp() {
		why := "without an <ip>, only <link state='up'/> makes it up"
		if i.Link == LinkDown {
			why = "its <link> is down"
		}
		f.unsupported(at+"/route", "a route needs an interface that is up: %s", why)
	}
}

func readIP(at string, x *ifaceIP, f *faults) (ip InterfaceIP, ok bool) {
	a, e := parseAddress(at+"@address", x.Address, x.Family)
	f.add(e)
	if e != nil {
		return ip, false
	}
	if a.IsUnspecified() || a.IsMulticast() {
		f.invalid(at+"@address", "%s is not the address of an interface", a)
	}
	ip.Address = a
	ip.Prefix = f.prefix(at+"@prefix", a, x.Prefix)
	if x.Peer != "" {
		ip.Peer, e = parseAddress(at+"@peer", x.Peer, a.family())
		f.add(e)
	}
	return ip, true
}

func readRoute(at string, x *ifaceRoute, f *faults) (r Route) {
	network, e := parseAddress(at+"@address", x.Address, x.Family)
	f.add(e)
	if e != nil {
		return r
	}
	r.Network = network
	switch {
	case x.Netmask != "" && x.Prefix != nil:
		f.invalid(at+"@netmask", "a route has a prefix or a netmask, not both")
	case x.Netmask != "":
		r.Prefix = f.netmask(at+"@netmask", network, x.Netmask)
	case network.IsUnspecified() && x.Prefix == nil: // the default route
	case network.IsUnspecified() && *x.Prefix == 0:
	default:
		r.Prefix = f.prefix(at+"@prefix", network, x.Prefix)
	}
	if masked := netip.PrefixFrom(network.Addr, int(r.Prefix)).Masked().Addr(); masked.IsValid() && masked != network.Addr {
		f.invalid(at+"@address", "%s is not the address of a network with the prefix %d; that is %s", network, r.Prefix, masked)
	}
	if x.Gateway == "" {
		f.invalid(at+"@gateway", "it is missing: a route must have a gateway")
	} else if r.Gateway, e = parseAddress(at+"@gateway", x.Gateway, network.family()); e != nil {
		f.add(e)
	} else if r.Gateway.IsUnspecified() || r.Gateway.IsMulticast() {
		f.invalid(at+"@gateway", "%s is not the address of a gateway", r.Gateway)
	}
	if x.Metric != nil {
		if *x.Metric == 0 || *x.Metric > math.MaxUint32 {
			f.invalid(at+"@metric", "%d is not from 1 to %d", *x.Metric, uint32(math.MaxUint32))
		}
		r.Metric = uint32(*x.Metric)
	}
	return r
}

// parseAddress reads an address of a family, or of any if family is "".
func parseAddress(at, text, family string) (Address, *Error) {
	parent, _, _ := strings.Cut(at, "@")
	if family != "" && family != "ipv4" && family != "ipv6" {
		return Address{}, invalid(parent+"@family", "'%.40s' is unknown; known are ipv4, ipv6", family)
	}
	if text == "" {
		return Address{}, invalid(at, "it is missing")
	}
	a, err := netip.ParseAddr(text)
	switch got := (Address{a}); {
	case err != nil || a.Zone() != "" || a.Is4In6():
		return Address{}, invalid(at, "'%.60s' is not an IP address", text)
	case family != "" && family != got.family():
		return Address{}, invalid(at, "%s is not an address of the family %s", a, family)
	default:
		return got, nil
	}
}

// prefix checks a prefix, or returns libvirt's for none: that of the address's class, or 64.
func (f *faults) prefix(at string, a Address, given *uint64) uint8 {
	if given != nil && *given > uint64(a.BitLen()) {
		f.invalid(at, "%d is more than the %d bits of an address", *given, a.BitLen())
		return 0
	}
	if given != nil && *given > 0 {
		return uint8(*given)
	}
	if !a.Is4() {
		return 64
	}
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	case first < 224:
		return 24
	}
	f.invalid(at, "it is missing, and the address %s has no class that says it", a)
	return 0
}

func (f *faults) netmask(at string, network Address, text string) uint8 {
	mask, e := parseAddress(at, text, "")
	f.add(e)
	if e != nil {
		return 0
	}
	if !network.Is4() || !mask.Is4() {
		f.invalid(at, "a netmask is for ipv4; use prefix")
		return 0
	}
	for n := range uint8(33) {
		if masked, err := netip.AddrFrom4([4]byte{255, 255, 255, 255}).Prefix(int(n)); err == nil && masked.Addr() == mask.Addr {
			return n
		}
	}
	f.invalid(at, "'%.40s' is not a netmask such as 255.255.255.0", text)
	return 0
}
