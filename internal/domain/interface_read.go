package domain

import (
	"slices"
	"strings"
	"unicode"
)

const atInterface = "domain/devices/interface"

// maxInterfaces is the most that a container can have: a bridge of Linux has 1024 ports (BR_MAX_PORTS less the first).
const maxInterfaces = 1023

func readInterfaces(d *Def, x *document, f *faults) {
	if x.Devices == nil || len(x.Devices.Interfaces) == 0 {
		return
	}
	if len(x.Devices.Interfaces) > maxInterfaces {
		f.unsupported(nth(atInterface, maxInterfaces), "there are more than %d interfaces", maxInterfaces)
		return
	}
	if x.LXC != nil && x.LXC.ShareNet != nil && x.LXC.ShareNet.Type != "none" {
		f.unsupported(atInterface, "the container shares the network of another by <lxc:sharenet>, and so has no interfaces of its own")
	}
	once := unique{f, map[string]string{}}
	for n := range x.Devices.Interfaces {
		at := nth(atInterface, n)
		i := readInterface(at, &x.Devices.Interfaces[n], f)
		if i.MAC != (MAC{}) {
			once.check(at+"/mac@address", "address", i.MAC.String())
		}
		if i.HasHostEnd() {
			once.check(at+"/target@dev", "name on the host", i.Target)
		}
		once.check(at+"/guest@dev", "name in the container", i.Guest)
		d.Interfaces = append(d.Interfaces, i)
	}
	checkForwards(d, f)
}

// unique finds what two interfaces of one definition have, and only one may have.
type unique struct {
	*faults
	seen map[string]string
}

func (u unique) check(at, what, value string) {
	if value == "" {
		return
	}
	if first, double := u.seen[what+value]; double {
		u.invalid(at, "the interface at %s has the %s %s already", first, what, value)
		return
	}
	u.seen[what+value] = u.numbered(at[:strings.LastIndexByte(at, '/')])
}

func readInterface(at string, x *iface, f *faults) (i Interface) {
	if i.Type = InterfaceType(x.Type); x.Type == "" {
		f.invalid(at+"@type", "it is missing; known are network, bridge, ethernet, direct")
	}
	if x.MAC != nil {
		var e *Error
		i.MAC, e = ParseMAC(at+"/mac@address", x.MAC.Address)
		f.add(e)
	}
	readInterfaceSource(&i, at, x.Source, f)
	// A name with one of libvirt's own prefixes was chosen by a start, and is that start's alone.
	if x.Target != nil && !chosenName(x.Target.Dev) {
		i.Target = x.Target.Dev
		f.add(CheckLinkName(at+"/target@dev", i.Target))
	}
	if x.Guest != nil {
		i.Guest = x.Guest.Dev
		f.add(CheckLinkName(at+"/guest@dev", i.Guest))
		if CheckLinkName("", x.Guest.Actual) == nil {
			i.Actual = x.Guest.Actual
		}
	}
	if x.Model != nil {
		i.Model = x.Model.Type
		if !slices.ContainsFunc(cardModels(), func(known string) bool { return strings.EqualFold(known, i.Model) }) {
			f.unsupported(at+"/model@type", "'%.40s' is not a model that libvirt knows; a container needs none", i.Model)
		}
	}
	if x.Link != nil {
		if i.Link = x.Link.State; i.Link != LinkUp && i.Link != LinkDown {
			f.unsupported(at+"/link@state", "'%.40s' is unknown; known are up, down", i.Link)
		}
	}
	readBandwidth(&i, at, x.Bandwidth, f)
	readVLAN(&i, at, x.VLAN, f)
	if x.MTU != nil {
		const least, most = 68, 65535 // of a veth, if_ether.h and ip.h of the kernel
		size := x.MTU.Size
		if size == nil || *size < least || *size > most {
			f.invalid(at+"/mtu@size", "it is missing or not from %d to %d bytes", least, most)
		} else {
			i.MTU = uint32(*size)
		}
	}
	readAddresses(&i, at, x, f)
	readPorts(&i, at, x, f)
	i.Alias = readAlias(x.Alias)
	return i
}

// cardModels are the models of a network card that libvirt knows. None has an effect in a container.
func cardModels() []string {
	return strings.Fields(`netfront rtl8139 virtio e1000 e1000e igb virtio-transitional virtio-non-transitional usb-net spapr-vlan
		lan9118 scm91c111 vlance vmxnet vmxnet2 vmxnet3 Am79C970A 82540EM 82545EM 82543GC`)
}

// readPort reads <port>, which is for an interface on a bridge.
func readPort(i *Interface, at string, x *ifacePort, f *faults) {
	if x.Isolated == "" {
		return
	}
	if i.Isolated = x.Isolated; i.Isolated != "yes" && i.Isolated != "no" {
		f.invalid(at+"/port@isolated", "'%.40s' is unknown; known are yes, no", i.Isolated)
	}
	if i.Type != InterfaceBridge && i.Type != InterfaceNetwork {
		f.unsupported(at+"/port@isolated", "an interface of the type '%.40s' is no port of a bridge", string(i.Type))
	}
}

func readInterfaceSource(i *Interface, at string, x *ifaceSource, f *faults) {
	own, known := map[InterfaceType]string{InterfaceNetwork: "network", InterfaceBridge: "bridge", InterfaceEthernet: "", InterfaceDirect: "dev"}[i.Type]
	if !known {
		switch i.Type {
		case "":
		case "hostdev":
			f.unsupported(at+"@type", "a container gets a network interface of the host by <hostdev mode='capabilities' type='net'><source><interface>NAME</interface></source></hostdev>")
		default:
			f.unsupported(at+"@type", "a container cannot have an interface of the type '%.40s'; known are network, bridge, ethernet, direct", string(i.Type))
		}
		return
	}
	if x == nil {
		x = &ifaceSource{}
	}
	for _, a := range []struct{ name, value string }{{"network", x.Network}, {"bridge", x.Bridge}, {"dev", x.Dev}, {"mode", x.Mode}, {"portgroup", x.PortGroup}} {
		place := at + "/source@" + a.name
		switch {
		case a.name == own:
			i.Source = a.value
			if own == "network" {
				f.add(checkNetworkName(place, a.value))
			} else if a.value == "" {
				f.invalid(place, "it is missing: an interface of the type '%s' must have a source %s", string(i.Type), own)
			} else {
				f.add(CheckLinkName(place, a.value))
			}
		case a.value == "":
		case a.name == "mode" && i.Type == InterfaceDirect:
			if i.Mode = a.value; !contains("vepa bridge private passthrough", a.value) {
				f.unsupported(place, "'%.40s' is unknown; known are vepa, bridge, private, passthrough", a.value)
			}
		case a.name == "portgroup" && i.Type == InterfaceNetwork:
			i.PortGroup = a.value
		case a.name == "bridge" && i.Type == InterfaceNetwork: // of a running one
		default:
			f.invalid(place, "an interface of the type '%s' has no such attribute", string(i.Type))
		}
	}
	if i.Type == InterfaceDirect && i.Mode == "" {
		i.Mode = "vepa"
	}
}

func checkNetworkName(at, name string) *Error {
	switch {
	case name == "":
		return invalid(at, "it is missing: an interface of the type 'network' must have a source network")
	case strings.Contains(name, "/"), strings.ContainsFunc(name, unicode.IsControl), len(name) > maxPathPart:
		return invalid(at, "'%.60s' is not the name of a network", name)
	}
	return nil
}

// chosenName reports whether libvirt or Berth chose a host end's name.
func chosenName(name string) bool {
	return name == "" || strings.HasPrefix(name, hostLinkPrefix) || strings.HasPrefix(name, "macvtap") || strings.HasPrefix(name, "macvlan")
}

// maxLinkName is the kernel's limit in bytes (IFNAMSIZ without the zero byte).
const maxLinkName = 15

// CheckLinkName returns an error if the kernel gives no link this name, or gives it to a link of its own. "" is no
// name, and no error.
func CheckLinkName(at, name string) *Error {
	switch {
	case name == "":
		return nil
	case len(name) > maxLinkName:
		return invalid(at, "'%.60s' has %d bytes; the name of a link has %d at most", name, len(name), maxLinkName)
	case name == "." || name == ".." || strings.ContainsAny(name, "/:%") || strings.ContainsFunc(name, unicode.IsSpace) || strings.ContainsFunc(name, unicode.IsControl):
		return invalid(at, "%q cannot be the name of a link", name)
	case name == "lo" || name == "all" || name == "default":
		return invalid(at, "the kernel keeps the name '%s' for itself", name)
	}
	return nil
}
