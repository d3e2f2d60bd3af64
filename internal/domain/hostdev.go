package domain

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"libvirt.org/go/libvirtxml"
)

const atHostDevice = "domain/devices/hostdev"

// HostKind is the type attribute of <hostdev>.
type HostKind string

// The devices of the host that a container can have.
const (
	HostStorage HostKind = "storage" // a block device
	HostMisc    HostKind = "misc"    // a character device
	HostUSB     HostKind = "usb"
)

// HostDevice is one <hostdev>.
type HostDevice struct {
	Kind   HostKind
	Source string // the path below /dev, or the name of the NIC; "" for usb
	USB    USB    // usb only
	Alias  Alias

	IPs    []InterfaceIP // net only
	Routes []Route       // net only

	Kept Kept
}

// USB says which device of the host's USB is meant: by the numbers of its vendor and product, by its address, or by
// both. A number that is not given is 0.
type USB struct {
	Vendor, Product uint16
	Bus, Device     uint16
	Managed         string // "no" by default, kept only
	StartupPolicy   string // with "optional" the container starts also without the device
}

// Optional reports whether a container starts without the device.
func (u USB) Optional() bool { return u.StartupPolicy == "optional" }

// hostDevice is <hostdev>. libvirtxml's loses which mode and type it does not know.
type hostDevice struct {
	Mode    *string                 `xml:"mode,attr"`
	Type    *string                 `xml:"type,attr"`
	Managed string                  `xml:"managed,attr,omitempty"`
	Source  *hostSource             `xml:"source"`
	IPs     []ifaceIP               `xml:"ip"`
	Routes  []ifaceRoute            `xml:"route"`
	Alias   *libvirtxml.DomainAlias `xml:"alias"`
}

type hostSource struct {
	StartupPolicy string      `xml:"startupPolicy,attr,omitempty"`
	Block         string      `xml:"block,omitempty"`
	Char          string      `xml:"char,omitempty"`
	Vendor        *usbNumber  `xml:"vendor"`
	Product       *usbNumber  `xml:"product"`
	Address       *usbAddress `xml:"address"`
	Interface     string      `xml:"interface,omitempty"`
}

type usbNumber struct {
	ID string `xml:"id,attr"`
}

type usbAddress struct {
	Bus    string `xml:"bus,attr"`
	Device string `xml:"device,attr"`
}

func readHostDevices(d *Def, x *document, f *faults) {
	if x.Devices == nil {
		return
	}
	for i := range x.Devices.HostDevices {
		at := nth(atHostDevice, i)
		if i == maxDevices {
			f.unsupported(at, "there are more than %d host devices", maxDevices)
			return
		}
		d.HostDevices = append(d.HostDevices, readHostDevice(at, &x.Devices.HostDevices[i], f))
	}
}

func readHostDevice(at string, x *hostDevice, f *faults) (h HostDevice) {
	mode, kind := "subsystem", "" // libvirt's default
	if x.Mode != nil {
		mode = *x.Mode
	}
	if x.Type != nil {
		kind = *x.Type
	}
	h.Kind, h.Alias = HostKind(kind), readAlias(x.Alias)
	switch {
	case mode != "subsystem" && mode != "capabilities":
		f.invalid(at+"@mode", "'%s' is unknown; known are capabilities, subsystem", mode)
		return h
	case mode == "capabilities" && h.Kind != HostStorage && h.Kind != HostMisc && h.Kind != HostNet,
		mode == "subsystem" && h.Kind != HostUSB:
		f.unsupported(at+"@type", "a container cannot have a device of mode '%s' and type '%s'; it can have those of mode 'capabilities' and type 'storage', 'misc' or 'net', and of mode 'subsystem' and type 'usb'", mode, kind)
		return h
	case x.Source == nil:
		f.invalid(at+"/source", "it is missing: it says which device of the host is meant")
		return h
	}
	if !slices.Contains([]string{"", "no", "yes"}, x.Managed) {
		f.invalid(at+"@managed", "'%s' is unknown; known are yes, no", x.Managed)
	}
	f.noOthers(at, h.Kind, x)
	own, given := "/block", x.Source.Block
	switch h.Kind {
	case HostUSB:
		h.USB = readUSB(at, x, f)
		return h
	case HostNet:
		h.readNIC(at, x, f)
		return h
	case HostMisc:
		own, given = "/char", x.Source.Char
	case HostStorage:
	}
	e := checkDevicePath(at+"/source"+own, given)
	f.add(e)
	if e == nil {
		h.Source = path.Clean(given)
	}
	return h
}

// noOthers notes what a device of this type cannot have.
func (f *faults) noOthers(at string, kind HostKind, x *hostDevice) {
	own := map[HostKind]string{
		HostStorage: "/source/block", HostMisc: "/source/char", HostNet: atNIC + " /ip /route",
		HostUSB: "/source@startupPolicy /source/vendor /source/product /source/address",
	}[kind]
	src := x.Source
	for _, part := range []struct {
		word  string
		given bool
	}{
		{"/source@startupPolicy", src.StartupPolicy != ""},
		{"/source/block", src.Block != ""},
		{"/source/char", src.Char != ""},
		{"/source/vendor", src.Vendor != nil},
		{"/source/product", src.Product != nil},
		{"/source/address", src.Address != nil},
		{atNIC, src.Interface != ""},
		{"/ip", len(x.IPs) > 0},
		{"/route", len(x.Routes) > 0},
	} {
		if part.given && !contains(own, part.word) {
			f.invalid(at+part.word, "a device of type '%s' has none", kind)
		}
	}
}

// checkDevicePath requires a path below /dev. The container has the device at the same path.
func checkDevicePath(at, p string) *Error {
	if e := checkSource(at, p); e != nil {
		return e
	}
	if !strings.HasPrefix(path.Clean(p), "/dev/") {
		return unsupported(at, "'%.60s' is not below /dev; a container has the device at the host's path below /dev", p)
	}
	return nil
}

func readUSB(at string, x *hostDevice, f *faults) USB {
	src := x.Source
	u := USB{Managed: cmp.Or(x.Managed, "no"), StartupPolicy: src.StartupPolicy}
	if !slices.Contains([]string{"", "mandatory", "requisite", "optional"}, u.StartupPolicy) {
		f.invalid(at+"/source@startupPolicy", "'%s' is unknown; known are mandatory, requisite, optional", u.StartupPolicy)
	}
	switch {
	case src.Vendor == nil && src.Product == nil && src.Address == nil:
		f.invalid(at+"/source", "it has neither <vendor> and <product> nor <address>, so it is not known which device of the host is meant")
		return u
	case (src.Vendor == nil) != (src.Product == nil):
		f.invalid(at+"/source", "it has one of <vendor> and <product>; it must have both or none")
		return u
	}
	if src.Vendor != nil {
		u.Vendor = f.usbNumber(at+"/source/vendor@id", src.Vendor.ID, 0xffff)
		u.Product = f.usbNumber(at+"/source/product@id", src.Product.ID, 0xffff)
	}
	if src.Address != nil {
		u.Bus = f.usbNumber(at+"/source/address@bus", src.Address.Bus, maxUSB)
		u.Device = f.usbNumber(at+"/source/address@device", src.Address.Device, maxUSB)
	}
	return u
}

// maxUSB is the largest number of a bus or device: paths below /dev/bus/usb have three digits.
const maxUSB = 999

// usbNumber reads a number, decimal, or hexadecimal with 0x, from 1.
func (f *faults) usbNumber(at, text string, most uint64) uint16 {
	n, err := strconv.ParseUint(text, 0, 16)
	if err != nil || n == 0 || n > most || strings.Contains(text, "_") {
		f.invalid(at, "'%.40s' is not a number from 1 to %d", text, most)
		return 0
	}
	return uint16(n)
}

func formatHostDevice(h *HostDevice) hostDevice {
	mode, kind := "capabilities", string(h.Kind)
	x := hostDevice{Mode: &mode, Type: &kind, Source: &hostSource{}}
	switch h.Kind {
	case HostStorage:
		x.Source.Block = h.Source
	case HostMisc:
		x.Source.Char = h.Source
	case HostNet:
		h.formatNIC(&x)
	case HostUSB:
		mode = "subsystem"
		x.Managed, x.Source.StartupPolicy = h.USB.Managed, h.USB.StartupPolicy
		hex := func(n uint16) *usbNumber { return &usbNumber{ID: "0x" + strconv.FormatUint(0x10000|uint64(n), 16)[1:]} }
		if h.USB.Vendor != 0 {
			x.Source.Vendor, x.Source.Product = hex(h.USB.Vendor), hex(h.USB.Product)
		}
		if h.USB.Bus != 0 {
			x.Source.Address = &usbAddress{strconv.Itoa(int(h.USB.Bus)), strconv.Itoa(int(h.USB.Device))}
		}
	}
	return x
}
