package netxml

import (
	"encoding/xml"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/pattern"
)

var (
	networkName = pattern.Of(`^[A-Za-z0-9_][A-Za-z0-9_.+:@-]{0,99}$`)
	domainName  = pattern.Of(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$`)
)

// Parse reads a network's XML. It returns a *domain.Error that names the element if it is invalid, or asks for what
// is not supported.
func Parse(doc []byte) (*Def, error) { return parse(doc, true) }

// ParseForeign reads a file of libvirt's. It ignores what Parse does not support.
func ParseForeign(doc []byte) (*Def, error) { return parse(doc, false) }

func parse(doc []byte, ours bool) (*Def, error) {
	at, err := check(doc, ours)
	if err != nil {
		return nil, err
	}
	d := &Def{DNS: true}
	if err := xml.Unmarshal(doc, &d.doc); err != nil {
		return nil, invalid("network", 0, "%v", err)
	}
	if !ours {
		d.doc.DnsmasqOptions = nil
	}
	for _, read := range []func(*Def, bool) error{readIdentity, readForward, readBridge, readNames, readIPs} {
		if err := read(d, ours); err != nil {
			return nil, at.add(err)
		}
	}
	return d, nil
}

func readIdentity(d *Def, _ bool) error {
	d.Name = strings.TrimSpace(d.doc.Name)
	d.doc.Name = d.Name
	switch {
	case d.Name == "":
		return invalid("network/name", 0, "a network needs a name")
	case !networkName().MatchString(d.Name):
		return invalid("network/name", 0, "%q is no name of a network: letters, digits and _.+:@- only, 100 at most", d.Name)
	}
	if text := strings.TrimSpace(d.doc.UUID); text != "" {
		u, err := domain.ParseUUID(text)
		if err != nil {
			return invalid("network/uuid", 0, "%v", err)
		}
		d.UUID, d.doc.UUID = u, u.String()
	}
	return nil
}

func readForward(d *Def, ours bool) error {
	f := d.doc.Forward
	if f == nil {
		return nil
	}
	d.Mode = Mode(f.Mode)
	switch d.Mode {
	case Isolated:
		d.Mode = NAT // libvirt's default for <forward/>
	case NAT, Route, Open, Bridge:
	default:
		return unsupported("network/forward@mode", 0, "%q is not supported: the modes are nat, route, open and bridge", f.Mode)
	}
	d.Dev = f.Dev
	if d.Dev == "" && len(f.Interfaces) == 1 {
		d.Dev = f.Interfaces[0].Dev
	}
	if err := checkLink("network/forward@dev", d.Dev); err != nil {
		return err
	}
	switch {
	case len(f.Interfaces) > 1 && ours:
		return unsupported("network/forward/interface[2]", 0, "only one interface is supported")
	case d.Dev != "" && (d.Mode == Open || d.Mode == Bridge):
		return invalid("network/forward@dev", 0, "the mode %q has no interface", d.Mode)
	case f.NAT != nil && d.Mode != NAT:
		return invalid("network/forward/nat", 0, "the mode is %q", d.Mode)
	case f.NAT == nil:
		return nil
	}
	d.NAT6 = f.NAT.IPv6 == "yes"
	for _, p := range f.NAT.Ports { // what libvirt writes by itself, and the kernel does anyway
		if ours && (p.Start != 1024 || p.End != 65535) {
			return unsupported("network/forward/nat/port", 0, "only the ports 1024 to 65535 are supported")
		}
	}
	return nil
}

func readBridge(d *Def, ours bool) error {
	if b := d.doc.Bridge; b != nil {
		d.Bridge, d.STP = b.Name, b.STP == "on"
		err := checkLink("network/bridge@name", d.Bridge)
		if err != nil {
			return err
		}
		if b.Delay != "" {
			if d.Delay, err = strconv.Atoi(b.Delay); err != nil || d.Delay < 0 || d.Delay > 30 {
				return invalid("network/bridge@delay", 0, "%q is not from 0 to 30", b.Delay)
			}
		}
		switch {
		case b.STP != "" && b.STP != "on" && b.STP != "off":
			return invalid("network/bridge@stp", 0, "%q is not on or off", b.STP)
		case ours && b.MACTableManager != "" && b.MACTableManager != "kernel":
			return unsupported("network/bridge@macTableManager", 0, "only \"kernel\" is supported")
		}
	}
	if d.Mode == Bridge {
		switch {
		case d.Bridge == "":
			return unsupported("network/bridge@name", 0, "the mode \"bridge\" needs the name of a bridge of the host")
		case len(d.doc.IPs) > 0:
			return invalid("network/ip", 0, "the mode \"bridge\" has no addresses: the bridge is the host's")
		}
	}
	if d.doc.MAC != nil {
		var err error
		if d.MAC, err = readMAC("network/mac@address", d.doc.MAC.Address); err != nil {
			return err
		}
	}
	if d.doc.MTU != nil {
		d.MTU = int(d.doc.MTU.Size)
		if d.MTU < 68 || d.MTU > 65535 {
			return invalid("network/mtu@size", 0, "%d is not from 68 to 65535", d.MTU)
		}
	}
	return nil
}

func readNames(d *Def, ours bool) error {
	if d.doc.Domain != nil {
		d.Domain = d.doc.Domain.Name
		if d.Domain != "" && !domainName().MatchString(d.Domain) {
			return invalid("network/domain@name", 0, "%q is no name of a domain", d.Domain)
		}
	}
	if d.doc.DNS == nil {
		return nil
	}
	d.DNS = d.doc.DNS.Enable != "no"
	for i, f := range d.doc.DNS.Forwarders {
		addr, err := netip.ParseAddr(f.Addr)
		switch {
		case err == nil:
			d.Forwarders = append(d.Forwarders, addr)
		case ours:
			return invalid(fmt.Sprintf("network/dns/forwarder[%d]@addr", i+1), 0, "%q is no address", f.Addr)
		}
	}
	return nil
}

// checkLink returns an error if a text cannot be the name of an interface, or stands for others in a file of
// systemd-networkd.
func checkLink(element, name string) error {
	if err := domain.CheckLinkName(element, name); err != nil {
		return err
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r > '~' || strings.ContainsRune(`*?[]!"\`, r) }) {
		return invalid(element, 0, "%q has a character with a meaning for systemd-networkd", name)
	}
	return nil
}

func readMAC(element, text string) (string, error) {
	m, err := domain.ParseMAC(element, text)
	if err != nil {
		return "", err
	}
	return m.String(), nil
}
