package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// fakeDevices is a host with a few nodes, and with a sysfs in a directory.
func fakeDevices(t *testing.T) Devices {
	t.Helper()
	root := t.TempDir()
	for dir, d := range map[string][5]string{ // idVendor, idProduct, busnum, devnum, dev
		"1-1":   {"1d6b", "0002", "1", "2", "189:1"},
		"1-2":   {"0bda", "8153", "1", "3", "189:2"},
		"2-1":   {"0bda", "8153", "2", "12", "189:139"},
		"2-2":   {"0bda", "none", "2", "13", "189:140"},
		"1-1:0": {"1d6b", "0002", "1", "2", "189:1"},
	} {
		there := filepath.Join(root, "sys/devices/pci/usb", dir)
		if err := os.MkdirAll(there, 0o755); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"idVendor", "idProduct", "busnum", "devnum", "dev"} {
			if err := os.WriteFile(filepath.Join(there, name), []byte(d[i]+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		link(t, "../../../devices/pci/usb/"+dir, filepath.Join(root, "sys", usbDir, dir))
	}
	outside := t.TempDir()
	link(t, outside, filepath.Join(root, "sys", usbDir, "3-1"))
	return Devices{root, func(path string, st *unix.Stat_t) error {
		path = strings.TrimPrefix(path, root)
		known, ok := map[string]unix.Stat_t{
			"/dev/sda":     {Mode: unix.S_IFBLK | 0o660, Rdev: unix.Mkdev(8, 0)},
			"/dev/net/tun": {Mode: unix.S_IFCHR | 0o666, Rdev: unix.Mkdev(10, 200)},
			"/dev/rtc0":    {Mode: unix.S_IFCHR | 0o600, Rdev: unix.Mkdev(250, 0)},
			"/dev/file":    {Mode: unix.S_IFREG | 0o600},
		}[path]
		if !ok {
			return unix.ENOENT
		}
		*st = known
		return nil
	}}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func storage(path string) domain.HostDevice {
	return domain.HostDevice{Kind: domain.HostStorage, Source: path}
}

func misc(path string) domain.HostDevice {
	return domain.HostDevice{Kind: domain.HostMisc, Source: path}
}

func usb(u domain.USB) domain.HostDevice { return domain.HostDevice{Kind: domain.HostUSB, USB: u} }

// TestFindDevices: each device is found with its kind and numbers, at its place in the container, and with no more
// access than it needs.
func TestFindDevices(t *testing.T) {
	t.Parallel()
	h := fakeDevices(t)
	got, err := h.Find(t.Context(), &domain.Def{
		Disks: []domain.Disk{
			{Type: domain.DiskBlock, Source: "/dev/sda", Target: "vda", ReadOnly: true},
			{Type: domain.DiskFile, Source: "/srv/a.img", Target: "vdb"},
		},
		HostDevices: []domain.HostDevice{
			storage("/dev/sda"), misc("/dev/net/tun"),
			usb(domain.USB{Vendor: 0x1d6b, Product: 2}),
			usb(domain.USB{Bus: 2, Device: 12}),
			usb(domain.USB{Vendor: 0xbda, Product: 0x8153, Bus: 1, Device: 3}),
			usb(domain.USB{Bus: 7, Device: 7, StartupPolicy: "optional"}),
		},
		Clock: domain.Clock{Offset: "localtime", Timers: []domain.Timer{{Name: "rtc"}, {Name: "hpet", Present: "no"}, {Name: "pit"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const disk, dev = "domain/devices/disk", "domain/devices/hostdev"
	node := func(path string, block bool, major, minor uint32) plan.Device {
		return plan.Device{Path: path, Block: block, Major: major, Minor: minor, Mode: 0o700}
	}
	image := node("/dev/vdb", true, 7, 0)
	image.Image = "/srv/a.img"
	timer := node("/dev/rtc", false, 250, 0)
	timer.Mode = 0o600
	want := []planner.HostDevice{
		{Device: node("/dev/vda", true, 8, 0), Access: "rm", ReadOnly: true, Element: disk + "[1]/source@dev"},
		{Device: image, Access: "rwm", Element: disk + "[2]/source@file"},
		{Device: node("/dev/sda", true, 8, 0), Access: "rwm", Element: dev + "[1]/source/block"},
		{Device: node("/dev/net/tun", false, 10, 200), Access: "rwm", Element: dev + "[2]/source/char"},
		{Device: node("/dev/bus/usb/001/002", false, 189, 1), Access: "rwm", Element: dev + "[3]/source"},
		{Device: node("/dev/bus/usb/002/012", false, 189, 139), Access: "rwm", Element: dev + "[4]/source"},
		{Device: node("/dev/bus/usb/001/003", false, 189, 2), Access: "rwm", Element: dev + "[5]/source"},
		{Device: timer, Access: "r", Element: "domain/clock/timer[1]@name"},
	}
	for i, at := range []domain.Slot{{Kind: domain.KindDisk}, {Kind: domain.KindDisk, Index: 1}, {Kind: domain.KindHostDevice}, {Kind: domain.KindHostDevice, Index: 1}, {Kind: domain.KindHostDevice, Index: 2}, {Kind: domain.KindHostDevice, Index: 3}, {Kind: domain.KindHostDevice, Index: 4}} {
		want[i].Slot = at
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTimersInUTC: with the offset "utc" a timer gets no node, and it is no error that the host lacks one.
func TestTimersInUTC(t *testing.T) {
	t.Parallel()
	got, err := fakeDevices(t).Find(t.Context(), &domain.Def{Clock: domain.Clock{Offset: "utc", Timers: []domain.Timer{{Name: "hpet"}, {Name: "rtc"}}}})
	if err != nil || len(got) != 1 || !got[0].NodeLess || got[0].Access != "r" || got[0].Major != 250 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLackingDevices: a device that the host lacks, that is of another kind, or that is not the only one is refused
// with its element.
func TestLackingDevices(t *testing.T) {
	t.Parallel()
	h := fakeDevices(t)
	devices := func(list ...domain.HostDevice) domain.Def { return domain.Def{HostDevices: list} }
	for want, d := range map[string]domain.Def{
		"domain/devices/hostdev/source/block: the host has no device /dev/none":                                devices(storage("/dev/none")),
		"domain/devices/hostdev/source/block: /dev/net/tun is not a block device":                              devices(storage("/dev/net/tun")),
		"domain/devices/hostdev/source/char: /dev/sda is not a character device":                               devices(misc("/dev/sda")),
		"domain/devices/hostdev/source/char: /dev/file is not a character device":                              devices(misc("/dev/file")),
		"domain/devices/hostdev/source: the host has no USB device 0001:0002":                                  devices(usb(domain.USB{Vendor: 1, Product: 2})),
		"domain/devices/hostdev/source: the host has no USB device at bus 2 device 13":                         devices(usb(domain.USB{Bus: 2, Device: 13})),
		"domain/devices/hostdev/source: the host has no USB device 1d6b:0002 at bus 1 device 3":                devices(usb(domain.USB{Vendor: 0x1d6b, Product: 2, Bus: 1, Device: 3})),
		"domain/devices/hostdev/source: the host has 2 USB devices 0bda:8153; <address> must say which one":    devices(usb(domain.USB{Vendor: 0xbda, Product: 0x8153})),
		"domain/devices/hostdev[2]/source: the container's /dev/bus/usb/001/002 is taken: domain/devices/host": devices(usb(domain.USB{Vendor: 0x1d6b, Product: 2}), usb(domain.USB{Bus: 1, Device: 2})),
		"domain/devices/disk/source@dev: the host has no device /dev/none":                                     {Disks: []domain.Disk{{Type: domain.DiskBlock, Source: "/dev/none"}}},
		"domain/devices/disk/source@dev: /dev/file is not a block device":                                      {Disks: []domain.Disk{{Type: domain.DiskBlock, Source: "/dev/file"}}},
		"domain/clock/timer@name: the host has no device /dev/hpet":                                            {Clock: domain.Clock{Offset: "localtime", Timers: []domain.Timer{{Name: "hpet"}}}},
	} {
		got, err := h.Find(t.Context(), &d)
		e, _ := errors.AsType[*domain.Error](err)
		if e == nil || e.Kind != domain.InvalidConfig || !strings.HasPrefix(e.Error(), want) {
			t.Errorf("%v, %v\nwant %s", got, err, want)
		}
	}
}

// TestDeviceDoesNotAnswer: a path that does not answer, such as an automount, fails the search when its time is over,
// with its element.
func TestDeviceDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]domain.Def{
		"domain/devices/hostdev[2]/source/char: /dev/hangs does not answer: context deadline exceeded": {HostDevices: []domain.HostDevice{misc("/dev/net/tun"), misc("/dev/hangs")}},
		"domain/devices/disk/source@dev: /dev/hangs does not answer: context deadline exceeded":        {Disks: []domain.Disk{{Type: domain.DiskBlock, Source: "/dev/hangs"}}},
	} {
		h := fakeDevices(t)
		synctest.Test(t, func(t *testing.T) {
			over, stat := make(chan struct{}), h.stat
			h.stat = func(path string, st *unix.Stat_t) error {
				if strings.HasSuffix(path, "/dev/hangs") {
					<-over
				}
				return stat(path, st)
			}
			defer close(over)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := h.Find(ctx, &d); err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v\nwant %s", err, want)
			}
		})
	}
}
