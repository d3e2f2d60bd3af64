package domain

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// With returns a copy of a definition with one more device, and its place there. running says that it is the live one:
// all its devices keep their names from then on, and the new one gets a name that none has. It returns an *Error or
// *Errors if the container has such a device already, or the two together break a rule.
func (d *Def) With(v Device, running bool) (*Def, Slot, error) {
	next, err := d.copied()
	if err != nil {
		return nil, Slot{}, err
	}
	at := Slot{v.Kind(), next.count(v.Kind())}
	if e := next.free(v, running); e != nil {
		return nil, Slot{}, e
	}
	if running {
		next.withRun()
	}
	next.Add(v)
	a := next.at(at).alias()
	a.Run = ""
	if running {
		a.Run = v.Kind().prefix() + strconv.Itoa(next.nextNumber(v.Kind()))
		if v.Interface != nil {
			next.Interfaces[at.Index].Actual = next.GuestLinks()[at.Index]
		}
	}
	return next.checked(at)
}

// Without returns a copy of a definition without a device. All others keep their names if it is the live one.
func (d *Def) Without(s Slot, running bool) (*Def, error) {
	next, err := d.copied()
	if err != nil {
		return nil, err
	}
	if running {
		next.withRun()
	}
	switch s.Kind {
	case KindDisk:
		next.Disks = slices.Delete(next.Disks, s.Index, s.Index+1)
	case KindFilesystem:
		next.Filesystems = slices.Delete(next.Filesystems, s.Index, s.Index+1)
	case KindInterface:
		next.Interfaces = slices.Delete(next.Interfaces, s.Index, s.Index+1)
	case KindHostDevice:
		next.HostDevices = slices.Delete(next.HostDevices, s.Index, s.Index+1)
	}
	next, err = next.copied()
	return next, withoutLines(err)
}

// Replaced returns a copy of a definition with another device at a place. The device keeps its name.
func (d *Def) Replaced(s Slot, v Device, running bool) (*Def, error) {
	if v.Kind() != s.Kind {
		return nil, invalid(string(v.Kind()), "the device of the container is a <%s>", string(s.Kind))
	}
	next, err := d.copied()
	if err != nil {
		return nil, err
	}
	if running {
		next.withRun()
	}
	old := next.Device(s)
	name := *old.alias()
	if own := v.alias().User; own != "" {
		name.User = own
	}
	to := next.at(s)
	switch s.Kind {
	case KindDisk:
		*to.Disk = *v.Disk
	case KindFilesystem:
		*to.Filesystem = *v.Filesystem
	case KindInterface:
		*to.Interface = *v.Interface
		to.Interface.Actual = old.Interface.Actual
		if to.Interface.MAC == (MAC{}) {
			to.Interface.MAC = old.Interface.MAC
		}
	case KindHostDevice:
		*to.HostDevice = *v.HostDevice
	}
	*to.alias() = name
	next, _, err = next.checked(s)
	return next, err
}

// checked returns a copy of a definition whose device at a place is new, by all rules.
func (d *Def) checked(s Slot) (*Def, Slot, error) {
	if d.at(s).alias().User != "" {
		for _, other := range d.Slots() {
			if other != s && d.at(other).alias().User == d.at(s).alias().User {
				return nil, s, invalid(string(s.Kind)+"/alias@name", "the container's <%s> has the alias '%s' already", string(other.Kind), d.at(s).alias().User)
			}
		}
	}
	next, err := d.copied()
	if err != nil {
		return nil, s, shortened(withoutLines(err), d.ElementOf(s), string(s.Kind))
	}
	if s.Kind == KindInterface {
		names := next.GuestLinks()
		for n, name := range names {
			if n != s.Index && name == names[s.Index] {
				return nil, s, unsupported("interface/guest@dev", "the interface at %s has the name in the container %s already", next.ElementOf(Slot{KindInterface, n}), name)
			}
		}
	}
	return next, s, nil
}

// free returns an error if a container that has this definition cannot get a device: it has such a one already.
func (d *Def) free(v Device, running bool) *Error {
	switch {
	case v.Filesystem != nil:
		if v.Filesystem.Target == "/" && running {
			return unsupported("filesystem/target@dir", "the root of a running container cannot change")
		}
		for i := range d.Filesystems {
			if d.Filesystems[i].Target == v.Filesystem.Target {
				return unsupported("filesystem/target@dir", "the container has a file system at '%.60s' already: %s", v.Filesystem.Target, d.ElementOf(Slot{KindFilesystem, i}))
			}
		}
	case v.HostDevice != nil:
		for i := range d.HostDevices {
			if d.HostDevices[i].same(v.HostDevice) {
				return unsupported("hostdev/source", "the container has this device already: %s", d.ElementOf(Slot{KindHostDevice, i}))
			}
		}
	}
	return nil
}

// nextNumber returns a number that no device of a kind has.
func (d *Def) nextNumber(kind DeviceKind) int {
	next := 0
	for i := range d.count(kind) - 1 {
		next = max(next, d.at(Slot{kind, i}).alias().number(i)+1)
	}
	return next
}

// Add enters a device at the end of its list, unchecked.
func (d *Def) Add(v Device) {
	switch {
	case v.Disk != nil:
		d.Disks = append(d.Disks, *v.Disk)
	case v.Filesystem != nil:
		d.Filesystems = append(d.Filesystems, *v.Filesystem)
	case v.Interface != nil:
		d.Interfaces = append(d.Interfaces, *v.Interface)
	case v.HostDevice != nil:
		d.HostDevices = append(d.HostDevices, *v.HostDevice)
	}
}

// OfDevice returns an error about a definition as one about its only device: the path begins with the device's element.
func OfDevice(err error) error { return shortened(err, atDevices, "") }

// shortened replaces what the paths of errors begin with: who has given one device knows nothing of those around it.
func shortened(err error, from, to string) error {
	shorten := func(e *Error) {
		if rest, ok := strings.CutPrefix(e.Element, from); ok && (to == "" || rest == "" || strings.ContainsAny(rest[:1], "/@")) {
			e.Element = to + rest
		}
	}
	if list, ok := errors.AsType[*Errors](err); ok {
		for _, e := range list.List {
			shorten(e)
		}
		return err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		shorten(e)
	}
	return err
}
