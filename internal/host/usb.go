package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

const usbDir = "bus/usb/devices"

// usbDevice is a device on the USB, as sysfs tells it (Documentation/ABI/testing/sysfs-bus-usb).
type usbDevice struct {
	vendor, product uint16
	bus, device     uint16
	major, minor    uint32
}

// usb finds a device on the host's USB. It returns false if the definition can do without it and the host lacks it.
func (h Devices) usb(element string, want domain.USB) (plan.Device, bool, error) {
	all, err := h.usbDevices()
	if err != nil {
		return plan.Device{}, false, lacking(element, "%v", err)
	}
	var found []usbDevice
	for _, one := range all {
		if (want.Vendor == 0 || one.vendor == want.Vendor && one.product == want.Product) &&
			(want.Bus == 0 || one.bus == want.Bus && one.device == want.Device) {
			found = append(found, one)
		}
	}
	switch {
	case len(found) == 0 && want.Optional():
		return plan.Device{}, false, nil
	case len(found) == 0:
		return plan.Device{}, false, lacking(element, "the host has no USB device %s", named(want))
	case len(found) > 1:
		var places []string
		for _, one := range found {
			places = append(places, fmt.Sprintf("bus %d device %d", one.bus, one.device))
		}
		return plan.Device{}, false, lacking(element, "the host has %d USB devices %s; <address> must say which one: %s", len(found), named(want), strings.Join(places, ", "))
	}
	one := found[0]
	return plan.Device{Path: usbPath(one.bus, one.device), Major: one.major, Minor: one.minor, Mode: nodeMode}, true, nil
}

func named(u domain.USB) string {
	var words []string
	if u.Vendor != 0 {
		words = append(words, fmt.Sprintf("%04x:%04x", u.Vendor, u.Product))
	}
	if u.Bus != 0 {
		words = append(words, fmt.Sprintf("at bus %d device %d", u.Bus, u.Device))
	}
	return strings.Join(words, " ")
}

// usbDevices reads all devices of the host's USB. No link leads it out of sysfs.
func (h Devices) usbDevices() (list []usbDevice, err error) {
	sys, err := os.OpenRoot(filepath.Join(h.root, "sys"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = sys.Close() }()
	entries, err := fs.ReadDir(sys.FS(), usbDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // otherwise the host has no USB
		return nil, err
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), ":") { // an interface of a device
			continue
		}
		if one, ok := readUSBDevice(sys, path.Join(usbDir, e.Name())); ok { // otherwise it was just unplugged
			list = append(list, one)
		}
	}
	return list, nil
}

func readUSBDevice(sys *os.Root, dir string) (d usbDevice, ok bool) {
	for _, n := range []struct {
		file string
		base int
		to   *uint16
	}{{"idVendor", 16, &d.vendor}, {"idProduct", 16, &d.product}, {"busnum", 10, &d.bus}, {"devnum", 10, &d.device}} {
		text, err := sys.ReadFile(path.Join(dir, n.file))
		if err != nil {
			return d, false
		}
		v, err := strconv.ParseUint(strings.TrimSpace(string(text)), n.base, 16)
		if err != nil {
			return d, false
		}
		*n.to = uint16(v)
	}
	text, err := sys.ReadFile(path.Join(dir, "dev"))
	if err != nil {
		return d, false
	}
	n, err := fmt.Sscanf(string(text), "%d:%d", &d.major, &d.minor)
	return d, n == 2 && err == nil
}
