package domain

import (
	"strings"
)

// Find returns the place of the device that is meant by another one, as libvirt finds it: a disk or file system by its
// target, a device of the host by its source, and an interface by what is given of its address, names and source. An
// alias must be the same, too, if one is given. It returns an *Error of the kind NoDevice if there is none, and one of
// the kind InvalidConfig if there are several.
func (d *Def) Find(v Device) (Slot, error) {
	kind := v.Kind()
	var list []Slot
	for i := range d.count(kind) {
		if s := (Slot{kind, i}); d.means(v, s) {
			list = append(list, s)
		}
	}
	return d.only(list, string(kind), "the container has no such device: "+v.identity())
}

// FindAlias returns the place of the device with an alias: of a running container also one that the run has chosen. It
// returns an *Error of the kind NoDevice if there is none.
func (d *Def) FindAlias(name string, running bool) (Slot, error) {
	var list []Slot
	for _, s := range d.Slots() {
		a := d.at(s).alias()
		if name != "" && name == a.User || running && name == a.chosen(s.Kind, s.Index) {
			list = append(list, s)
		}
	}
	text := "the container has no device with this alias"
	if !running {
		text = "its definition has no device with this alias; a stored one has only those that begin with ua-"
	}
	return d.only(list, "alias '"+oneLine(name)+"'", text)
}

// FindInterface returns the place of the interface with a name in the container or on the host, or with a MAC address.
// It returns an *Error of the kind NoDevice if there is none.
func (d *Def) FindInterface(name string) (Slot, error) {
	mac, wrong := ParseMAC("", name)
	guests := d.GuestLinks()
	var list []Slot
	for n := range d.Interfaces {
		if wrong == nil && d.Interfaces[n].MAC == mac || name != "" && (name == guests[n] || name == d.HostLink(n)) {
			list = append(list, Slot{KindInterface, n})
		}
	}
	return d.only(list, "interface '"+oneLine(name)+"'", "the container has no interface with this name or MAC address")
}

func (d *Def) only(list []Slot, element, none string) (Slot, error) {
	switch len(list) {
	case 0:
		return Slot{}, report(NoDevice, element, none)
	case 1:
		return list[0], nil
	}
	var names []string
	for _, s := range list {
		names = append(names, d.ElementOf(s))
	}
	return Slot{}, unsupported(element, "several devices of the container match: %s", strings.Join(names, ", "))
}

func (d *Def) means(v Device, s Slot) bool {
	one := d.at(s)
	if given := *v.alias(); given.User != "" && given.User != one.alias().User || given.Run != "" && given.Run != one.alias().chosen(s.Kind, s.Index) {
		return false
	}
	switch s.Kind {
	case KindDisk:
		return v.Disk.Target == one.Disk.Target
	case KindFilesystem:
		return v.Filesystem.Target == one.Filesystem.Target
	case KindInterface:
		return v.Interface.means(one.Interface, d.HostLink(s.Index), d.GuestLinks()[s.Index])
	case KindHostDevice:
	}
	return one.HostDevice.same(v.HostDevice)
}

// means reports whether an interface can be meant by what is given of another one.
func (i *Interface) means(one *Interface, host, guest string) bool {
	switch {
	case i.MAC != (MAC{}) && i.MAC != one.MAC,
		i.Target != "" && i.Target != host,
		i.Guest != "" && i.Guest != guest:
		return false
	}
	return i.MAC != (MAC{}) || i.Type == one.Type && i.Source == one.Source
}

// same reports whether two definitions are of one device of the host.
func (h *HostDevice) same(other *HostDevice) bool {
	a, b := h.USB, other.USB
	a.Managed, a.StartupPolicy, b.Managed, b.StartupPolicy = "", "", "", ""
	return h.Kind == other.Kind && h.Source == other.Source && a == b
}

// identity says by what a device is looked for.
func (v Device) identity() string {
	switch {
	case v.Disk != nil:
		return "target dev '" + v.Disk.Target + "'"
	case v.Filesystem != nil:
		return "target dir '" + v.Filesystem.Target + "'"
	case v.Interface != nil && v.Interface.MAC != (MAC{}):
		return "mac address '" + v.Interface.MAC.String() + "'"
	case v.Interface != nil:
		return "type '" + string(v.Interface.Type) + "', source '" + v.Interface.Source + "'"
	}
	return v.HostDevice.identity()
}

func (h *HostDevice) identity() string {
	if h.Kind == HostUSB {
		return h.Meant()
	}
	return "source '" + h.Source + "'"
}

// Meant says which device of the host is meant: a path, or the numbers of a USB device.
func (h *HostDevice) Meant() string {
	if h.Kind == HostUSB {
		x := formatHostDevice(h)
		var parts []string
		if x.Source.Vendor != nil {
			parts = append(parts, "vendor "+x.Source.Vendor.ID+", product "+x.Source.Product.ID)
		}
		if x.Source.Address != nil {
			parts = append(parts, "bus "+x.Source.Address.Bus+", device "+x.Source.Address.Device)
		}
		return strings.Join(parts, ", ")
	}
	return h.Source
}
