package network

import (
	"net"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/berthd/berth/service"
)

// TestIsNIC: a NIC is known by what its container cannot change: the kind, the device and the permanent address, or
// without a device the number.
func TestIsNIC(t *testing.T) {
	t.Parallel()
	mac, other := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 2}
	card := netlink.LinkAttrs{Index: 7, Name: "eno1", HardwareAddr: mac, PermHWAddr: mac, ParentDev: "0000:00:03.0", ParentDevBus: "pci", MTU: 1500, Flags: net.FlagUp}
	with := func(change func(*netlink.LinkAttrs)) netlink.LinkAttrs {
		a := card
		change(&a)
		return a
	}
	note := noteOf(&netlink.Device{LinkAttrs: card}, "vnic0")
	if want := (service.NIC{
		Name: "eno1", Spare: "vnic0", Index: 7, Kind: "device", Device: "pci/0000:00:03.0", Permanent: mac.String(), MAC: mac.String(), MTU: 1500, Up: true,
	}); note != want {
		t.Errorf("noted %+v, want %+v", note, want)
	}
	virtual := netlink.LinkAttrs{Index: 8, Name: "lan0", HardwareAddr: mac}
	for name, tc := range map[string]struct {
		link netlink.Link
		note service.NIC
		want bool
	}{
		"card":                       {&netlink.Device{LinkAttrs: card}, note, true},
		"card with another number":   {&netlink.Device{LinkAttrs: with(func(a *netlink.LinkAttrs) { a.Index = 9 })}, note, true},
		"card with another address":  {&netlink.Device{LinkAttrs: with(func(a *netlink.LinkAttrs) { a.Name, a.HardwareAddr, a.MTU = "x", other, 99 })}, note, true},
		"another card":               {&netlink.Device{LinkAttrs: with(func(a *netlink.LinkAttrs) { a.ParentDev = "0000:00:04.0" })}, note, false},
		"another port of the card":   {&netlink.Device{LinkAttrs: with(func(a *netlink.LinkAttrs) { a.PermHWAddr = other })}, note, false},
		"another kind":               {&netlink.Dummy{LinkAttrs: card}, note, false},
		"virtual":                    {&netlink.Dummy{LinkAttrs: virtual}, noteOf(&netlink.Dummy{LinkAttrs: virtual}, ""), true},
		"virtual of another number":  {&netlink.Dummy{LinkAttrs: card}, noteOf(&netlink.Dummy{LinkAttrs: virtual}, ""), false},
		"container's of that number": {&netlink.Bridge{LinkAttrs: virtual}, noteOf(&netlink.Dummy{LinkAttrs: virtual}, ""), false},
	} {
		if got := isNIC(tc.link, &tc.note); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestIsDefault: a default route is one without a destination, or to the address and prefix of zeros.
func TestIsDefault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, "0.0.0.0/0": true, "::/0": true, "192.0.2.0/24": false, "0.0.0.0/8": false} {
		r := &netlink.Route{}
		if text != "" {
			_, r.Dst, _ = net.ParseCIDR(text)
		}
		if isDefault(r) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if !isDefault(&netlink.Route{Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}) { // as the library has it
		t.Error("16 bytes of zeros are no default route")
	}
}
