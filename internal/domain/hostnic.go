package domain

import "slices"

// HostNet is the type of <hostdev> that moves a network interface of the host (a NIC) into the container. Its Source
// is the NIC's name, which it has in the container, too.
const HostNet HostKind = "net"

// atNIC is the place of a NIC's name.
const atNIC = "/source/interface"

// readNIC reads what only a NIC has. Libvirt keeps its addresses and routes without effect.
func (h *HostDevice) readNIC(at string, x *hostDevice, f *faults) {
	h.Source = x.Source.Interface
	if h.Source == "" {
		f.invalid(at+atNIC, "it is missing: it names the network interface of the host")
	}
	f.add(CheckLinkName(at+atNIC, h.Source))
	if len(x.Routes) > 0 && len(x.IPs) == 0 {
		f.unsupported(at+"/route", "a route needs an interface that is up, which an <ip> makes it")
	}
	i := Interface{Link: LinkUp}
	readAddresses(&i, at, &iface{IPs: x.IPs, Routes: x.Routes}, f)
	h.IPs, h.Routes = i.IPs, i.Routes
}

// NICs returns the indices of the host devices that are NICs.
func (d *Def) NICs() (list []int) {
	for n := range d.HostDevices {
		if d.HostDevices[n].Kind == HostNet {
			list = append(list, n)
		}
	}
	return list
}

// HasLinks reports whether the container has a network interface, and so a network namespace of its own.
func (d *Def) HasLinks() bool {
	return len(d.Interfaces) > 0 || slices.ContainsFunc(d.HostDevices, func(h HostDevice) bool { return h.Kind == HostNet })
}

// HostDeviceElement returns the place of a host device in the definition, for errors.
func (d *Def) HostDeviceElement(index int) string {
	if len(d.HostDevices) == 1 {
		return atHostDevice
	}
	return nth(atHostDevice, index)
}

// checkNICs notes a name that two NICs, or a NIC and an interface, would have in the container.
func checkNICs(d *Def, x *document, f *faults) {
	once := unique{f, map[string]string{}}
	for n := range d.Interfaces {
		once.check(nth(atInterface, n)+"/guest@dev", "name in the container", d.Interfaces[n].Guest)
	}
	for _, n := range d.NICs() {
		at := nth(atHostDevice, n)
		if x.LXC != nil && x.LXC.ShareNet != nil && x.LXC.ShareNet.Type != "none" {
			f.unsupported(at, "the container shares the network of another by <lxc:sharenet>, and so has no interfaces of its own")
		}
		name := d.HostDevices[n].Source
		if first, double := once.seen["name in the container"+name]; double && name != "" {
			f.invalid(at+atNIC, "the interface at %s has the name %s already", first, name)
			continue
		}
		once.seen["name in the container"+name] = f.numbered(at)
	}
}

func (h *HostDevice) formatNIC(x *hostDevice) {
	x.Source.Interface = h.Source
	x.IPs, x.Routes = formatAddresses(h.IPs), formatRoutes(h.Routes)
}
