package domain

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// withDevices returns a definition with these devices.
func withDevices(t *testing.T, devices string) *Def {
	t.Helper()
	d, err := Parse([]byte("<domain type='lxc'><name>web</name><uuid>6a3e1b5c-0d5e-4b43-9d0e-31a0b1f6e5a1</uuid><memory>65536</memory><os><type>exe</type><init>/sbin/init</init></os><devices>" +
		devices + "</devices></domain>"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func device(t *testing.T, text string) Device {
	t.Helper()
	v, err := ParseDevice([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

const (
	diskA    = "<disk type='block'><source dev='/dev/vda'/><target dev='sda'/></disk>"
	diskB    = "<disk type='file'><source file='/srv/b.img'/><target dev='sdb'/></disk>"
	fuseNode = "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>"
	tunNode  = "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>"
	usbID    = "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0x5678'/></source></hostdev>"
	srv      = "<filesystem type='mount'><source dir='/srv'/><target dir='/srv'/></filesystem>"
	nicOne   = "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>"
	onePort  = "<interface type='bridge' xmlns:b='urn:berth:container:1'><source bridge='br0'/><ip address='192.0.2.1'/><b:port host='80'/></interface>"
	nicTwo   = "<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/></interface>"
)

// TestParseDevice: one element is read by the rules of a definition, and an error names the place in it and the line.
func TestParseDevice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		diskA: "", diskB: "", fuseNode: "", usbID: "", srv: "", nicOne: "",
		"<?xml version='1.0'?>\n<!-- a disk -->\n" + diskA + "\n": "",
		"": "the document is empty",
		"<disk type='block'>\n<source dev='vda'/>\n<target dev='sda'/></disk>":               "disk/source@dev: 'vda' is not an absolute path (line 2)",
		"<disk type='block'><source dev='/dev/vda'/></disk>":                                 "disk/target: it is missing: a disk must have a target dev, its name below /dev in the container (line 1)",
		"<disk nonsense='1' type='block'><source dev='/dev/vda'/><target dev='sda'/></disk>": "disk@nonsense: unknown attribute; see berth-xml(5) (line 1)",
		"<hostdev mode='capabilities' type='misc'/>":                                         "hostdev/source: it is missing: it says which device of the host is meant (line 1)",
		diskA + diskB:                "there is a second element, <disk>, after the device (line 1)",
		"<domain type='lxc'/>":       "a container cannot get or lose a <domain>, only a <disk>, <filesystem>, <hostdev> or <interface> (line 1)",
		"<console type='pty'/>":      "a container cannot get or lose a <console>, only a <disk>, <filesystem>, <hostdev> or <interface> (line 1)",
		"<disk":                      "unexpected EOF (line 1)",
		"<!DOCTYPE disk []>" + diskA: "document types and other <!…> directives are not allowed (line 1)",
		"<disk type='block'><transient/><source dev='/dev/vda'/><target dev='sda'/></disk>": "disk/transient: ",
		"<serial type='pty'/>": "a container cannot get or lose a <serial>, only a <disk>, <filesystem>, <hostdev> or <interface> (line 1)",
	} {
		_, err := ParseDevice([]byte(text))
		switch {
		case want == "" && err != nil, want != "" && err == nil:
			t.Errorf("%s: %v, want %q", text, err, want)
		case err != nil && !strings.HasPrefix(err.Error(), want):
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestFormatDevice: the text of a device is read back as the same device.
func TestFormatDevice(t *testing.T) {
	t.Parallel()
	for _, text := range []string{diskA, diskB, fuseNode, usbID, srv, nicOne, onePort, strings.Replace(diskA, "</disk>", "<readonly/><alias name='ua-root'/></disk>", 1)} {
		first, err := FormatDevice(device(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := FormatDevice(device(t, first)); second != first || err != nil {
			t.Errorf("%v: %s\nbecomes %s", err, first, second)
		}
	}
}

// TestNamesStay: what a device was called before others came and went it is called afterwards, in the note of a run and
// in the live definition; a stored one has only the names that an administrator chose.
func TestNamesStay(t *testing.T) {
	t.Parallel()
	d := withDevices(t, fuseNode+nicOne+nicTwo)
	host := d.HostLink(1)
	next, at, err := d.With(device(t, tunNode), true)
	if err != nil || next.AliasOf(at) != "hostdev1" {
		t.Fatalf("%v, %v", at, err)
	}
	for _, gone := range []Slot{{KindHostDevice, 0}, {KindInterface, 0}} {
		if next, err = next.Without(gone, true); err != nil {
			t.Fatal(err)
		}
	}
	text, err := next.Format(FormatOptions{Run: true})
	if err != nil {
		t.Fatal(err)
	}
	if next, err = ParseRun([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if names := next.GuestLinks(); !slices.Equal(names, []string{"eth1"}) || next.HostLink(0) != host || next.AliasOf(Slot{KindInterface, 0}) != "net1" ||
		next.AliasOf(Slot{KindHostDevice, 0}) != "hostdev1" {
		t.Errorf("%v, %s, %s", names, next.HostLink(0), text)
	}
	if next, at, err = next.With(device(t, nicOne), true); err != nil || next.AliasOf(at) != "net2" || next.GuestLinks()[at.Index] != "eth0" {
		t.Errorf("%v, %v", at, err)
	}
	stored, _ := next.Format(FormatOptions{})
	live, _ := next.Format(FormatOptions{Live: &Live{ID: 1}})
	if strings.Contains(stored, "alias") || strings.Contains(stored, "actual") || !strings.Contains(live, "<alias name='net2'/>") {
		t.Errorf("%s\n%s", stored, live)
	}
	if given, err := Parse([]byte(text)); err != nil || given.AliasOf(Slot{KindInterface, 0}) != "net0" {
		t.Errorf("the note of a run as somebody's definition: %v", err)
	}
}

// TestWithDevice: a container gets no device that it has already, or whose place is taken, and the error names the
// element of the new one.
func TestWithDevice(t *testing.T) {
	t.Parallel()
	d := withDevices(t, diskA+fuseNode+usbID+srv+nicOne)
	for _, tc := range []struct{ device, want string }{
		{diskB, ""},
		{tunNode, ""},
		{nicTwo, ""},
		{diskA, "disk/target@dev: the container's /dev/sda is taken: domain/devices/disk has that"},
		{fuseNode, "hostdev/source: the container has this device already: domain/devices/hostdev[1]"},
		{usbID, "hostdev/source: the container has this device already: domain/devices/hostdev[2]"},
		{srv, "filesystem/target@dir: the container has a file system at '/srv' already: domain/devices/filesystem"},
		{strings.Replace(srv, "dir='/srv'/></f", "dir='/'/></f", 1), "filesystem/target@dir: the root of a running container cannot change"},
		{nicOne, "interface/mac@address: the interface at domain/devices/interface[1] has the address 52:54:00:00:00:01 already"},
		{strings.Replace(nicTwo, "</i", "<guest dev='eth0'/></i", 1), "interface/guest@dev: the interface at domain/devices/interface[1] has the name in the container eth0 already"},
	} {
		_, _, err := d.With(device(t, tc.device), true)
		if got := errText(err); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.device, got, tc.want)
		}
	}
	if len(d.Disks) != 1 || d.Disks[0].Alias != (Alias{}) {
		t.Error("the definition itself has changed")
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestFind: a device is found by what names it, and none or two are errors that name the element.
func TestFind(t *testing.T) {
	t.Parallel()
	d := withDevices(t, diskA+strings.Replace(diskB, "</disk>", "<alias name='ua-data'/></disk>", 1)+fuseNode+srv+nicOne+nicTwo)
	for _, tc := range []struct {
		device string
		want   Slot
		text   string
	}{
		{"<disk type='file'><source file='/other'/><target dev='sdb'/></disk>", Slot{KindDisk, 1}, ""},
		{strings.Replace(diskA, "</disk>", "<alias name='disk0'/></disk>", 1), Slot{KindDisk, 0}, ""},
		{strings.Replace(diskA, "</disk>", "<alias name='disk1'/></disk>", 1), Slot{}, "disk: the container has no such device: target dev 'sda'"},
		{strings.Replace(diskA, "sda", "sdx", 1), Slot{}, "disk: the container has no such device: target dev 'sdx'"},
		{fuseNode, Slot{KindHostDevice, 0}, ""},
		{usbID, Slot{}, "hostdev: the container has no such device: vendor 0x1234, product 0x5678"},
		{srv, Slot{KindFilesystem, 0}, ""},
		{nicTwo, Slot{KindInterface, 1}, ""},
		{"<interface type='bridge'><source bridge='br0'/></interface>", Slot{}, "interface: several devices of the container match: domain/devices/interface[1], domain/devices/interface[2]"},
		{"<interface type='bridge'><source bridge='br0'/><guest dev='eth1'/></interface>", Slot{KindInterface, 1}, ""},
	} {
		got, err := d.Find(device(t, tc.device))
		if got != tc.want || errText(err) != tc.text {
			t.Errorf("%s: %v, %v", tc.device, got, err)
		}
	}
	for name, running := range map[string]bool{"disk0": true, "ua-data": false, "net1": true} {
		if _, err := d.FindAlias(name, running); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"disk0", "ua-none", "", "net1\n"} {
		_, err := d.FindAlias(name, false)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != NoDevice || strings.Contains(e.Error(), "\n") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestReplaced: another device at the same place keeps the name and, if it has none, the address of the old one.
func TestReplaced(t *testing.T) {
	t.Parallel()
	d := withDevices(t, diskA+nicOne)
	next, err := d.Replaced(Slot{KindInterface, 0}, device(t, "<interface type='bridge'><source bridge='br1'/><link state='down'/></interface>"), true)
	if err != nil {
		t.Fatal(err)
	}
	if i := next.Interfaces[0]; i.Source != "br1" || i.MAC != d.Interfaces[0].MAC || i.Alias.Run != "net0" || i.Actual != "eth0" {
		t.Errorf("%+v", i)
	}
	if _, err := d.Replaced(Slot{KindDisk, 0}, device(t, nicOne), false); err == nil {
		t.Error("a disk became an interface")
	}
}
