package domain

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"strconv"
	"strings"
)

// InterfaceType is the type attribute of <interface>.
type InterfaceType string

// The types of interfaces that a container can have.
const (
	InterfaceNetwork  InterfaceType = "network"  // a veth on the bridge of a named network
	InterfaceBridge   InterfaceType = "bridge"   // a veth on a bridge of the host
	InterfaceEthernet InterfaceType = "ethernet" // a veth whose host end is on no bridge
	InterfaceDirect   InterfaceType = "direct"   // a macvlan on a link of the host
)

// The states of <link>. LinkDefault is the zero value: the interface is up if it has an address.
const (
	LinkDefault = ""
	LinkUp      = "up"
	LinkDown    = "down"
)

// Interface is one <interface>.
type Interface struct {
	Type      InterfaceType
	MAC       MAC    // zero until one is chosen
	Source    string // the network, the bridge or the host's link; "" for ethernet
	PortGroup string // kept only
	Mode      string // of direct: vepa, bridge, private or passthrough
	Target    string // the host end's name; "" means the one that HostLink chooses
	Guest     string // the name in the container; "" means the next free one of eth0, eth1 and so on
	Model     string // kept only
	MTU       uint32 // 0 means that of the bridge or link, or the kernel's
	Link      string
	Isolated  string // <port isolated=''>: "yes" keeps it from other isolated ports of the bridge; "no" or unset
	IPs       []InterfaceIP
	Forwards  []Forward // <berth:port>
	Routes    []Route
	Alias     Alias
	Kept      Kept
	Actual    string // the name in the container that a run has chosen; "" as for Alias.Run
	Bandwidth IfaceBandwidth
	VLAN      VLAN
}

// InterfaceIP is one <ip>.
type InterfaceIP struct {
	Address Address
	Prefix  uint8
	Peer    Address // of a link with two ends; zero means none
}

// Route is one <route>.
type Route struct {
	Network Address
	Prefix  uint8
	Gateway Address
	Metric  uint32 // 0 means unset
}

// Address is an IP address. The zero value is none.
type Address struct{ netip.Addr }

// Equal reports whether two addresses are the same.
func (a Address) Equal(b Address) bool { return a.Addr == b.Addr }

// family is libvirt's word.
func (a Address) family() string {
	if a.Is4() {
		return "ipv4"
	}
	return "ipv6"
}

// HasHostEnd reports whether the host keeps one end of the interface.
func (i *Interface) HasHostEnd() bool { return i.Type != InterfaceDirect }

// IsUp reports whether the container begins with the interface up. With the link down, the end in the container of a
// veth is up as any other, and has no carrier.
func (i *Interface) IsUp() bool {
	switch i.Link {
	case LinkDown:
		return i.HasHostEnd() && len(i.IPs) > 0
	case LinkUp:
		return true
	}
	return len(i.IPs) > 0
}

// hostLinkPrefix is libvirt's for the names of host ends that nobody chose. Tools for the host know it.
const hostLinkPrefix = "vnet"

// LinkNumber returns the number of an interface in its container, which stays as long as a run has it: its index, or
// the next free number if it was attached later.
func (d *Def) LinkNumber(index int) int { return d.Interfaces[index].Alias.number(index) }

// HostLink returns the name of the host end of an interface: the one in the definition, or one that depends on the
// container's uuid and the interface's number alone. It returns "" if the interface has no host end.
func (d *Def) HostLink(index int) string {
	i := &d.Interfaces[index]
	switch {
	case !i.HasHostEnd():
		return ""
	case i.Target != "":
		return i.Target
	}
	return linkName(hostLinkPrefix, d.UUID, "link", d.LinkNumber(index))
}

// ShaperLink returns the name of the link on the host that limits what an interface sends.
func (d *Def) ShaperLink(index int) string {
	return linkName("vifb", d.UUID, "shaper", d.LinkNumber(index))
}

// SpareLink returns the name that a NIC among the host devices has on the host while it is given back.
func (d *Def) SpareLink(index int) string { return linkName("vnic", d.UUID, "nic", index) }

// linkName returns a name that depends on a container's uuid, the kind of the link, and its number.
func linkName(prefix string, u UUID, kind string, number int) string {
	sum := sha256.Sum256([]byte(kind + " " + u.String() + " " + strconv.Itoa(number)))
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:10])
}

// InterfaceElement returns the place of an interface in the definition, for errors.
func (d *Def) InterfaceElement(index int) string {
	if len(d.Interfaces) == 1 {
		return atInterface
	}
	return atInterface + "[" + strconv.Itoa(index+1) + "]"
}

// GuestLinks returns the names that the interfaces have in the container. A NIC of the host keeps its own.
func (d *Def) GuestLinks() []string {
	taken := map[string]bool{}
	for _, i := range d.Interfaces {
		taken[cmp.Or(i.Guest, i.Actual)] = true
	}
	for _, n := range d.NICs() {
		taken[d.HostDevices[n].Source] = true
	}
	names := make([]string, len(d.Interfaces))
	next := 0
	for n, i := range d.Interfaces {
		for names[n] = cmp.Or(i.Guest, i.Actual); names[n] == ""; next++ {
			if name := "eth" + strconv.Itoa(next); !taken[name] {
				names[n] = name
			}
		}
	}
	return names
}
