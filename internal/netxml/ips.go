package netxml

import (
	"fmt"
	"math/bits"
	"net/netip"

	"libvirt.org/go/libvirtxml"
)

func readIPs(d *Def, ours bool) error {
	served := 0
	for i, x := range d.doc.IPs {
		element := "network/ip"
		if len(d.doc.IPs) > 1 {
			element = fmt.Sprintf("network/ip[%d]", i+1)
		}
		ip, err := readIP(element, x, ours)
		if err != nil {
			return err
		}
		for _, other := range d.IPs {
			if other.Address.Overlaps(ip.Address) {
				return invalid(element, 0, "%s overlaps with %s", ip.Address.Masked(), other.Address.Masked())
			}
		}
		if ip.DHCP {
			served++
		}
		if served > 1 && ours {
			return unsupported(element+"/dhcp", 0, "only one address can have a DHCP server")
		}
		d.IPs = append(d.IPs, ip)
		if ours && ip.Address.Addr().Is6() && d.MTU > 0 && d.MTU < minMTU6 {
			return invalid("network/mtu@size", 0, "%d is too small for IPv6, which needs %d", d.MTU, minMTU6)
		}
	}
	return nil
}

// minMTU6 is the smallest MTU with which an interface has IPv6 (RFC 8200).
const minMTU6 = 1280

func readIP(element string, x libvirtxml.NetworkIP, ours bool) (IP, error) {
	addr, err := netip.ParseAddr(x.Address)
	if err != nil || addr.Zone() != "" || addr.Is4In6() {
		return IP{}, invalid(element+"@address", 0, "%q is no address", x.Address)
	}
	length, err := prefixLength(element, addr, x)
	if err != nil {
		return IP{}, err
	}
	ip := IP{Address: netip.PrefixFrom(addr, length)}
	switch {
	case x.Family == "ipv6" && !addr.Is6(), x.Family == "ipv4" && !addr.Is4(), x.Family != "" && x.Family != "ipv4" && x.Family != "ipv6":
		return IP{}, invalid(element+"@family", 0, "%s is no address of the family %q", addr, x.Family)
	case addr.IsMulticast(), addr.IsUnspecified(), addr.IsLoopback():
		return IP{}, invalid(element+"@address", 0, "%s is no address for a host", addr)
	case ours && addr.Is6() && addr.IsLinkLocalUnicast():
		return IP{}, invalid(element+"@address", 0, "%s is of the link alone: every interface has such an address, and nobody gets it from a network", addr)
	case addr.Is4() && length < 31 && (addr == ip.Address.Masked().Addr() || addr == last(ip.Address)):
		return IP{}, invalid(element+"@address", 0, "%s is the network's own address or the one for all", addr)
	case x.DHCP == nil:
		return ip, nil
	case addr.Is6() && ours:
		return IP{}, unsupported(element+"/dhcp", 0, "hosts get their IPv6 addresses from router advertisements: there is no DHCPv6 server")
	case addr.Is6():
		return ip, nil
	}
	return ip, readDHCP(element+"/dhcp", &ip, x.DHCP, ours)
}

func prefixLength(element string, addr netip.Addr, x libvirtxml.NetworkIP) (int, error) {
	switch {
	case x.Prefix != 0 && x.Netmask != "":
		return 0, invalid(element+"@netmask", 0, "there is a prefix, too")
	case x.Prefix != 0:
		if int(x.Prefix) > addr.BitLen() {
			return 0, invalid(element+"@prefix", 0, "%d is more than %d", x.Prefix, addr.BitLen())
		}
		return int(x.Prefix), nil
	case x.Netmask != "":
		mask, err := netip.ParseAddr(x.Netmask)
		if err != nil || !mask.Is4() || !addr.Is4() {
			return 0, invalid(element+"@netmask", 0, "%q is no netmask", x.Netmask)
		}
		b := mask.As4()
		n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		ones := bits.LeadingZeros32(^n)
		if n<<ones != 0 || ones == 0 {
			return 0, invalid(element+"@netmask", 0, "%q is no netmask", x.Netmask)
		}
		return ones, nil
	case addr.Is6():
		return 64, nil
	}
	first := addr.As4()[0] // libvirt's default is the class of the address
	switch {
	case first < 128:
		return 8, nil
	case first < 192:
		return 16, nil
	}
	return 24, nil
}

func readDHCP(element string, ip *IP, x *libvirtxml.NetworkDHCP, ours bool) error {
	ip.DHCP = true
	if len(x.Ranges) > 0 {
		r := x.Ranges[0]
		var err error
		if ip.Start, err = inside(element+"/range@start", r.Start, ip.Address); err != nil {
			return err
		}
		if ip.End, err = inside(element+"/range@end", r.End, ip.Address); err != nil {
			return err
		}
		if ip.End.Less(ip.Start) {
			return invalid(element+"/range", 0, "it ends before it begins")
		}
		if r.Lease != nil {
			if ip.Lease, err = seconds(element+"/range/lease", r.Lease); err != nil {
				return err
			}
		}
	}
	for i, h := range x.Hosts {
		at := fmt.Sprintf("%s/host[%d]", element, i+1)
		if h.MAC == "" || h.IP == "" {
			if ours {
				return unsupported(at, 0, "a host needs a mac and an ip")
			}
			continue
		}
		mac, err := readMAC(at+"@mac", h.MAC)
		if err != nil {
			return err
		}
		addr, err := inside(at+"@ip", h.IP, ip.Address)
		if err != nil {
			return err
		}
		if ours && addr == ip.Address.Addr() {
			return invalid(at+"@ip", 0, "%s is this host's own address", addr)
		}
		for _, other := range ip.Hosts {
			if other.IP == addr || other.MAC == mac {
				return invalid(at, 0, "another host has %s or %s", h.MAC, addr)
			}
		}
		ip.Hosts = append(ip.Hosts, Lease{MAC: mac, IP: addr})
	}
	if len(ip.Hosts) == 0 && len(x.Ranges) == 0 {
		ip.DHCP = false
	}
	return nil
}

// inside reads an address that a host in a network can have.
func inside(element, text string, network netip.Prefix) (netip.Addr, error) {
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return addr, invalid(element, 0, "%q is no address", text)
	case !network.Contains(addr):
		return addr, invalid(element, 0, "%s is not in %s", addr, network.Masked())
	case addr == network.Masked().Addr(), addr == last(network):
		return addr, invalid(element, 0, "%s is the network's own address or the one for all", addr)
	}
	return addr, nil
}

func seconds(element string, l *libvirtxml.NetworkDHCPLease) (uint, error) {
	unit, ok := map[string]uint{"": 60, "seconds": 1, "minutes": 60, "hours": 3600}[l.Unit]
	switch {
	case !ok:
		return 0, invalid(element+"@unit", 0, "%q is not seconds, minutes or hours", l.Unit)
	case l.Expiry == 0, l.Expiry > 1<<31/unit:
		return 0, unsupported(element+"@expiry", 0, "%d %s is not supported", l.Expiry, l.Unit)
	}
	return max(l.Expiry*unit, 120), nil
}

// last returns the last address of an IPv4 network. It returns the zero Addr for IPv6.
func last(p netip.Prefix) netip.Addr {
	if !p.Addr().Is4() {
		return netip.Addr{}
	}
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}
