package domain

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// DeviceKind is the name of the element of a device that a container can get and lose while it runs.
type DeviceKind string

// The kinds, in the order in which a definition has them.
const (
	KindDisk       DeviceKind = "disk"
	KindFilesystem DeviceKind = "filesystem"
	KindInterface  DeviceKind = "interface"
	KindHostDevice DeviceKind = "hostdev"
)

func deviceKinds() []DeviceKind {
	return []DeviceKind{KindDisk, KindFilesystem, KindInterface, KindHostDevice}
}

// prefix is what the aliases of devices begin with, as libvirt's do.
func (k DeviceKind) prefix() string {
	switch k {
	case KindFilesystem:
		return "fs"
	case KindInterface:
		return "net"
	case KindDisk, KindHostDevice:
	}
	return string(k)
}

const atDevices = "domain/devices/"

// Device is one device. One of the fields is not nil.
type Device struct {
	Disk       *Disk
	Filesystem *Filesystem
	Interface  *Interface
	HostDevice *HostDevice
}

// Kind returns the name of the device's element.
func (v Device) Kind() DeviceKind {
	switch {
	case v.Disk != nil:
		return KindDisk
	case v.Filesystem != nil:
		return KindFilesystem
	case v.Interface != nil:
		return KindInterface
	}
	return KindHostDevice
}

func (v Device) alias() *Alias {
	switch {
	case v.Disk != nil:
		return &v.Disk.Alias
	case v.Filesystem != nil:
		return &v.Filesystem.Alias
	case v.Interface != nil:
		return &v.Interface.Alias
	}
	return &v.HostDevice.Alias
}

// Slot is the place of a device in a definition.
type Slot struct {
	Kind  DeviceKind
	Index int
}

// Slots returns the places of all devices, in the order of the definition.
func (d *Def) Slots() (list []Slot) {
	for _, kind := range deviceKinds() {
		for i := range d.count(kind) {
			list = append(list, Slot{kind, i})
		}
	}
	return list
}

func (d *Def) count(kind DeviceKind) int {
	switch kind {
	case KindDisk:
		return len(d.Disks)
	case KindFilesystem:
		return len(d.Filesystems)
	case KindInterface:
		return len(d.Interfaces)
	case KindHostDevice:
	}
	return len(d.HostDevices)
}

// Device returns a copy of the device at a place.
func (d *Def) Device(s Slot) Device {
	switch v := d.at(s); s.Kind {
	case KindDisk:
		v.Disk = new(*v.Disk)
		return v
	case KindFilesystem:
		v.Filesystem = new(*v.Filesystem)
		return v
	case KindInterface:
		v.Interface = new(*v.Interface)
		return v
	case KindHostDevice:
		v.HostDevice = new(*v.HostDevice)
		return v
	}
	return Device{}
}

// RunDevice returns a copy of the device at a place of a live definition, with the names that the run has chosen.
func (d *Def) RunDevice(s Slot) Device {
	v := d.Device(s)
	v.alias().Run = v.alias().chosen(s.Kind, s.Index)
	if v.Interface != nil {
		v.Interface.Actual = d.GuestLinks()[s.Index]
	}
	return v
}

// RunAlias returns the name that a run has chosen, and the number in it; "" if it has chosen none.
func (v Device) RunAlias() (name string, number int) {
	a := *v.alias()
	return a.Run, a.number(0)
}

func (d *Def) at(s Slot) Device {
	switch s.Kind {
	case KindDisk:
		return Device{Disk: &d.Disks[s.Index]}
	case KindFilesystem:
		return Device{Filesystem: &d.Filesystems[s.Index]}
	case KindInterface:
		return Device{Interface: &d.Interfaces[s.Index]}
	case KindHostDevice:
	}
	return Device{HostDevice: &d.HostDevices[s.Index]}
}

// RunAliasOf returns the name that the run has chosen for a device.
func (d *Def) RunAliasOf(s Slot) string { return d.at(s).alias().chosen(s.Kind, s.Index) }

// UserAliasOf returns the name that an administrator has chosen for a device; "" if none was.
func (d *Def) UserAliasOf(s Slot) string { return d.at(s).alias().User }

// AliasOf returns the name of a device of a running container.
func (d *Def) AliasOf(s Slot) string { return d.at(s).alias().shown(s.Kind, s.Index) }

// ElementOf returns the place of a device as errors write it.
func (d *Def) ElementOf(s Slot) string {
	if d.count(s.Kind) == 1 {
		return atDevices + string(s.Kind)
	}
	return atDevices + string(s.Kind) + "[" + strconv.Itoa(s.Index+1) + "]"
}

// ParseDevice reads one device by the rules of a definition. The paths of its errors begin with its element. It returns
// an *Error if the device breaks a rule, and an *Errors if it has several mistakes.
func ParseDevice(doc []byte) (Device, error) {
	w := newWalker(doc, notYetSupported())
	w.device = true
	var x document
	err := xml.NewTokenDecoder(w).Decode(&x)
	w.rest()
	f := w.faults
	if err != nil && !w.broken {
		f.invalid("", "%v", err)
	}
	d := &Def{}
	if !w.broken && err == nil {
		for _, read := range []func(*Def, *document, *faults){readFilesystems, readDisks, readInterfaces, readHostDevices} {
			read(d, &x, f)
		}
		w.keep(d)
	}
	if err := f.err(); err != nil {
		return Device{}, shortened(err, atDevices, "")
	}
	return d.at(d.Slots()[0]), nil
}

// FormatDevice returns the canonical text of a device, as it is stored.
func FormatDevice(v Device) (string, error) { return formatDevice(v, FormatOptions{}) }

// FormatRunDevice returns the text of a device for the note of a run, with the names that the run has chosen.
func FormatRunDevice(v Device) (string, error) { return formatDevice(v, FormatOptions{Run: true}) }

func formatDevice(v Device, o FormatOptions) (string, error) {
	d := &Def{}
	d.Add(v)
	x := d.formatDevices(o)
	x.Emulator = ""
	text, err := xml.Marshal(&struct {
		XMLName xml.Name `xml:"devices"`
		*devices
	}{devices: x})
	if err == nil && d.keeps() {
		text, err = d.overlaid(text, "domain/devices")
	}
	if err != nil {
		return "", err
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(string(text), "<devices>"), "</devices>")
	rendered, err := Render([]byte(inner))
	if strings.Contains(rendered, "<berth:") { // in a definition, the outermost element declares it
		root := "<" + string(v.Kind())
		rendered = strings.Replace(rendered, root, root+" xmlns:berth='"+berthNamespace+"'", 1)
	}
	return rendered, err
}

// deviceRoot opens the only element of the document of one device, below those that it has around it in a definition.
func (w *walker) deviceRoot(e xml.StartElement, name string) {
	if w.rooted {
		w.stop(invalid("", "there is a second element, <%s>, after the device", name))
		return
	}
	top := schema().children["domain"]
	n := top.children["devices"]
	if !slices.Contains(deviceKinds(), DeviceKind(name)) {
		w.stop(unsupported("", "a container cannot get or lose a <%.40s>, only a <disk>, <filesystem>, <hostdev> or <interface>", name))
		return
	}
	w.rooted = true
	w.declare(e.Attr)
	for _, around := range []*frame{{path: "domain", node: top, name: xml.Name{Local: "domain"}}, {path: "domain/devices", node: n, name: xml.Name{Local: "devices"}}} {
		around.seen = map[string]int{}
		w.stack = append(w.stack, around)
		w.ready = append(w.ready, xml.StartElement{Name: around.name})
	}
	w.inner(w.stack[1], e, name)
}

// deviceEnd closes the elements around the one of the document.
func (w *walker) deviceEnd() {
	if !w.device || len(w.stack) != 2 {
		return
	}
	w.stack = nil
	w.ready = append(w.ready, xml.EndElement{Name: xml.Name{Local: "devices"}}, xml.EndElement{Name: xml.Name{Local: "domain"}})
}
