package netxml

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/netip"
	"strings"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/domain"
)

// Mode says where packets of a network may go.
type Mode string

// The modes, in libvirt's words.
const (
	Isolated Mode = ""       // nowhere: no <forward>
	NAT      Mode = "nat"    // out, with the host's address; in only what belongs to that
	Route    Mode = "route"  // out and in
	Open     Mode = "open"   // as the host's own rules say
	Bridge   Mode = "bridge" // the bridge is the host's, and nothing is made
)

// Def is a definition that was parsed and checked. It is never changed.
type Def struct {
	Name   string
	UUID   domain.UUID // zero if the definition has none
	Mode   Mode
	Dev    string // the one interface to forward to, or ""
	NAT6   bool
	Bridge string // "" if the definition has none
	STP    bool
	Delay  int    // seconds, of STP
	MAC    string // "" if the definition has none
	MTU    int    // 0 if the definition has none
	Domain string
	// DNS says that the network has a name server. Forwarders are the servers to use; none are the host's.
	DNS        bool
	Forwarders []netip.Addr
	IPs        []IP

	doc libvirtxml.Network
}

// IP is an address of the host in a network, with what is given to others there.
type IP struct {
	Address    netip.Prefix // the host's, with the length of the network's prefix
	DHCP       bool
	Start, End netip.Addr
	Lease      uint // seconds; 0 is the server's default
	Hosts      []Lease
}

// Lease is an address that only one host gets.
type Lease struct {
	MAC string
	IP  netip.Addr
}

// Serves reports whether systemd-networkd has something to serve in the network.
func (d *Def) Serves() bool {
	for _, ip := range d.IPs {
		if ip.DHCP || ip.Address.Addr().Is6() {
			return true
		}
	}
	return false
}

// GivesIPv4 reports whether the network has a DHCP server.
func (d *Def) GivesIPv4() bool { return dhcpOf(d) != nil }

// Known returns the address that only the host with a MAC address gets, or none.
func (d *Def) Known(mac string) netip.Addr {
	for _, ip := range d.IPs {
		for _, h := range ip.Hosts {
			if h.MAC == mac {
				return h.IP
			}
		}
	}
	return netip.Addr{}
}

// Chosen is what a definition gets that it may leave out.
type Chosen struct {
	UUID   domain.UUID
	Bridge string
}

// Complete returns the definition with what it left out. The MAC address follows from the uuid, so that the bridge
// has it again at each start.
func (d *Def) Complete(c Chosen) *Def {
	out := *d
	if out.UUID.IsZero() {
		out.UUID = c.UUID
		out.doc.UUID = c.UUID.String()
	}
	if out.Mode == Bridge {
		return &out
	}
	if out.Bridge == "" {
		out.Bridge = c.Bridge
		b := libvirtxml.NetworkBridge{}
		if d.doc.Bridge != nil {
			b = *d.doc.Bridge
		}
		b.Name = c.Bridge
		out.doc.Bridge = &b
	}
	if out.MAC == "" {
		sum := sha256.Sum256(out.UUID[:])
		out.MAC = fmt.Sprintf("52:54:00:%02x:%02x:%02x", sum[0], sum[1], sum[2])
		out.doc.MAC = &libvirtxml.NetworkMAC{Address: out.MAC}
	}
	return &out
}

// Format returns the XML of the definition.
func (d *Def) Format() (string, error) {
	text, err := xml.MarshalIndent(&d.doc, "", "  ")
	if err != nil {
		return "", fmt.Errorf("format network %s: %w", d.Name, err)
	}
	if d.doc.Metadata != nil { // it stays as it is
		return string(text) + "\n", nil
	}
	return closed(string(text)) + "\n", nil
}

// closed writes elements without content as libvirt does. The encoder puts each on a line of its own, and escapes the
// characters of tags elsewhere.
func closed(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimLeft(line, " "), "<"), " ")
		name, _, _ = strings.Cut(name, ">")
		if begin, ok := strings.CutSuffix(line, "></"+name+">"); ok {
			lines[i] = begin + "/>"
		}
	}
	return strings.Join(lines, "\n")
}

// NameUUID returns the uuid of a network whose file has none, which is always the same for one name.
func NameUUID(name string) domain.UUID {
	sum := sha256.Sum256([]byte("org.berth1.network " + name))
	var u domain.UUID
	copy(u[:], sum[:])
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // RFC 9562: version 8, its variant
	return u
}
