package netxml

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// networkFile is the bridge's file for systemd-networkd. The bridge is made by berthd, which also gives it its
// addresses. They are here, too, because networkd removes others from a link that it manages.
func networkFile(d *Def, h Host) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	b.WriteString(head(d))
	line("[Match]\nName=%s\nKind=bridge\n", d.Bridge)
	line("[Link]\nRequiredForOnline=no\n")
	line("[Network]")
	// A bridge without a container has no carrier, and must be ready for the first one.
	line("ConfigureWithoutCarrier=yes")
	line("IPv6AcceptRA=no\nDHCP=no\nLLDP=no\nEmitLLDP=no\nMulticastDNS=no\nLLMNR=no\nIPv6DuplicateAddressDetection=0")
	four, six := dhcpOf(d), prefixesOf(d)
	line("LinkLocalAddressing=%s", map[bool]string{true: "ipv6", false: "no"}[len(six) > 0])
	line("DHCPServer=%s", yes(four != nil))
	line("IPv6SendRA=%s", yes(len(six) > 0))
	for _, ip := range d.IPs {
		line("\n[Address]\nAddress=%s", ip.Address)
		if ip.Address.Addr().Is6() {
			line("DuplicateAddressDetection=none")
		}
	}
	if four != nil {
		dhcpServer(line, d, h, four)
	}
	if len(six) > 0 {
		advertisements(line, d, h, six)
	}
	return b.String()
}

func dhcpServer(line func(string, ...any), d *Def, h Host, ip *IP) {
	line("\n[DHCPServer]")
	offset, size := pool(ip)
	line("PoolOffset=%d\nPoolSize=%d", offset, size)
	if ip.Lease > 0 {
		line("DefaultLeaseTimeSec=%d\nMaxLeaseTimeSec=%d", ip.Lease, ip.Lease)
	}
	line("EmitRouter=%s", yes(d.Mode != Isolated))
	servers(line, nameServers(d, h, false))
	line("EmitNTP=no\nEmitSIP=no\nEmitTimezone=no")
	if d.Domain != "" {
		line("SendOption=15:string:%s", d.Domain)
	}
	for _, host := range ip.Hosts {
		line("\n[DHCPServerStaticLease]\nMACAddress=%s\nAddress=%s", host.MAC, host.IP)
	}
}

func advertisements(line func(string, ...any), d *Def, h Host, six []netip.Prefix) {
	line("\n[IPv6SendRA]")
	if d.Mode == Isolated {
		line("RouterLifetimeSec=0")
	}
	servers(line, nameServers(d, h, true))
	if d.Domain != "" {
		line("EmitDomains=yes\nDomains=%s", d.Domain)
	} else {
		line("EmitDomains=no")
	}
	for _, p := range six {
		line("\n[IPv6Prefix]\nPrefix=%s", p.Masked())
		if p.Bits() != 64 { // other lengths have no addresses that hosts choose (RFC 4862)
			line("AddressAutoconfiguration=no")
		}
	}
}

func servers(line func(string, ...any), list []string) {
	line("EmitDNS=%s", yes(len(list) > 0))
	if len(list) > 0 {
		line("DNS=%s", strings.Join(list, " "))
	}
}

// nameServers are those of one family that hosts in the network are told: the definition's, the bridge's own address
// if systemd-resolved listens there, or the host's.
func nameServers(d *Def, h Host, six bool) []string {
	var list []string
	if !d.DNS {
		return nil
	}
	from := d.Forwarders
	if len(from) == 0 && h.Resolved {
		for _, ip := range d.IPs {
			from = append(from, ip.Address.Addr())
		}
	}
	if len(from) == 0 && d.Mode != Isolated {
		from = h.Servers
	}
	for _, a := range from {
		if a.Is6() == six {
			list = append(list, a.String())
		}
	}
	return list
}

// dhcpOf returns the address with a DHCP server, or nil.
func dhcpOf(d *Def) *IP {
	for i := range d.IPs {
		if d.IPs[i].DHCP {
			return &d.IPs[i]
		}
	}
	return nil
}

func prefixesOf(d *Def) (list []netip.Prefix) {
	for _, ip := range d.IPs {
		if ip.Address.Addr().Is6() {
			list = append(list, ip.Address)
		}
	}
	return list
}

// pool returns the addresses of a DHCP server as networkd counts them: from the network's own on. A server for
// known hosts only has a pool of one address, the host's own, which nobody gets.
func pool(ip *IP) (offset, size uint32) {
	base := number(ip.Address.Masked().Addr())
	if !ip.Start.IsValid() {
		return number(ip.Address.Addr()) - base, 1
	}
	return number(ip.Start) - base, number(ip.End) - number(ip.Start) + 1
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
