package netxml

import (
	"fmt"
	"net/netip"
	"strings"
)

// Host is what a plan depends on besides the definition.
type Host struct {
	Resolved bool         // systemd-resolved runs, and can listen on the bridge
	IPv6     bool         // the kernel has IPv6, and new interfaces may have it
	Servers  []netip.Addr // the host's name servers that others can reach
}

// Plan is everything that a network's start makes.
type Plan struct {
	Bridge    string
	Alias     string // of the bridge: it tells whose that is
	MAC       string
	MTU       int
	STP       bool
	Delay     int // seconds, of STP
	Addresses []netip.Prefix

	Serve    *File // for systemd-networkd; nil if there is nothing to serve
	Resolver *File // for systemd-resolved; nil if it does not serve the network
	Filter   *Filter
	Forward4 bool // the host forwards packets
	Forward6 bool
}

// File is a file to write.
type File struct{ Name, Text string }

// Filter is the network's table of the packet filter.
type Filter struct {
	Table  string
	Bridge string
	Dev    string // the one interface to forward to, or ""
	Out    bool   // packets may leave
	In     bool   // connections from outside may come in
	// Apart says that packets leave by no bridge of the host but those that a default route goes by, and those of routed
	// networks: all others are networks for themselves.
	Apart bool
	// Sources are the networks that packets may leave from. Nobody sends in the name of another.
	Sources []netip.Prefix
	// Masquerade are the networks that get the host's address outside.
	Masquerade []netip.Prefix
}

// alias marks a bridge as ours.
const alias = "org.berth1 network "

// Build makes the plan of a complete definition. It returns nil for one of the mode Bridge: there is nothing to make.
func Build(d *Def, h Host) *Plan {
	if d.Mode == Bridge {
		return nil
	}
	p := &Plan{Bridge: d.Bridge, Alias: alias + d.UUID.String(), MAC: d.MAC, MTU: d.MTU, STP: d.STP, Delay: max(d.Delay, minDelay)}
	d = d.on(h)
	for _, ip := range d.IPs {
		p.Addresses = append(p.Addresses, ip.Address)
		if d.Mode != Isolated {
			p.Forward4 = p.Forward4 || ip.Address.Addr().Is4()
			p.Forward6 = p.Forward6 || ip.Address.Addr().Is6()
		}
	}
	p.Filter = filter(d)
	name := "10-berth-" + d.Bridge
	if d.Serves() {
		p.Serve = &File{Name: name + ".network", Text: networkFile(d, h)}
	}
	if d.DNS && h.Resolved && len(d.Forwarders) == 0 && len(d.IPs) > 0 {
		p.Resolver = &File{Name: name + ".conf", Text: resolverFile(d)}
	}
	return p
}

// minDelay is the shortest delay that the kernel has with STP, in seconds.
const minDelay = 2

// on returns the definition as it can be on a host: a kernel without IPv6 has no such addresses.
func (d *Def) on(h Host) *Def {
	if h.IPv6 {
		return d
	}
	out := *d
	out.IPs = nil
	for _, ip := range d.IPs {
		if ip.Address.Addr().Is4() {
			out.IPs = append(out.IPs, ip)
		}
	}
	return &out
}

func filter(d *Def) *Filter {
	if d.Mode == Open {
		return nil
	}
	f := &Filter{Table: "berth-" + d.Bridge, Bridge: d.Bridge, Dev: d.Dev, Out: d.Mode != Isolated, In: d.Mode == Route, Apart: d.Mode == NAT && d.Dev == ""}
	for _, ip := range d.IPs {
		if f.Out {
			f.Sources = append(f.Sources, ip.Address.Masked())
		}
		if d.Mode == NAT && (ip.Address.Addr().Is4() || d.NAT6) {
			f.Masquerade = append(f.Masquerade, ip.Address.Masked())
		}
	}
	return f
}

// head is the first line of each file.
func head(d *Def) string {
	return fmt.Sprintf("# Made by berthd for the network %s. It goes with `berthctl net-destroy`.\n", d.Name)
}

func resolverFile(d *Def) string {
	var b strings.Builder
	b.WriteString(head(d) + "[Resolve]\n")
	for _, ip := range d.IPs {
		fmt.Fprintf(&b, "DNSStubListenerExtra=%s\n", ip.Address.Addr())
	}
	return b.String()
}
