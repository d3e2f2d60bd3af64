package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// nodeMode is the mode of the nodes of disks and host devices, libvirt's: they are for the container's root.
const nodeMode = 0o700

// loopMajor is the number of all loop devices (Documentation/admin-guide/devices.txt).
const loopMajor = 7

// Devices finds the devices of the host that containers ask for.
type Devices struct {
	root string // "/"
	stat func(path string, st *unix.Stat_t) error
}

// NewDevices returns the devices of this host.
func NewDevices() Devices { return Devices{"/", unix.Stat} }

// Find returns the devices that a definition asks for, with the numbers that they have now. It returns a *domain.Error
// if the host lacks one, or has one of another kind there, and ctx's error if a path does not answer before ctx ends.
// An image gets its number later.
func (h Devices) Find(ctx context.Context, d *domain.Def) ([]planner.HostDevice, error) {
	if len(d.Disks)+len(d.HostDevices)+len(d.Clock.Timers) == 0 {
		return nil, nil
	}
	var list []planner.HostDevice
	for _, find := range []func(context.Context, *domain.Def) ([]planner.HostDevice, error){h.disks, h.hostDevices, h.timers} {
		some, err := find(ctx, d)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	taken := map[string]string{}
	for i := range list {
		one := &list[i]
		if other := taken[one.Path]; other != "" && !one.NodeLess {
			return nil, lacking(one.Element, "the container's %s is taken: %s has that", one.Path, other)
		}
		if !one.NodeLess {
			taken[one.Path] = one.Element
		}
	}
	return list, nil
}

func (h Devices) disks(ctx context.Context, d *domain.Def) (list []planner.HostDevice, err error) {
	for i, disk := range d.Disks {
		at := numbered("domain/devices/disk", i, len(d.Disks))
		access := "rwm"
		if disk.ReadOnly {
			access = "rm"
		}
		one := planner.HostDevice{Access: access, Element: at, ReadOnly: disk.ReadOnly, Slot: domain.Slot{Kind: domain.KindDisk, Index: i}}
		if disk.Type == domain.DiskFile {
			one.Device = plan.Device{Block: true, Major: loopMajor, Mode: nodeMode, Image: disk.Source}
			one.Element += "/source@file"
		} else {
			one.Element += "/source@dev"
			if one.Device, err = h.node(ctx, one.Element, disk.Source, unix.S_IFBLK); err != nil {
				return nil, err
			}
		}
		one.Path = "/dev/" + disk.Target
		list = append(list, one)
	}
	return list, nil
}

func (h Devices) hostDevices(ctx context.Context, d *domain.Def) (list []planner.HostDevice, err error) {
	for i, dev := range d.HostDevices {
		at := numbered("domain/devices/hostdev", i, len(d.HostDevices)) + "/source"
		one := planner.HostDevice{Access: "rwm", Element: at, Slot: domain.Slot{Kind: domain.KindHostDevice, Index: i}}
		found := true
		switch dev.Kind {
		case domain.HostStorage:
			one.Element += "/block"
			one.Device, err = h.node(ctx, one.Element, dev.Source, unix.S_IFBLK)
		case domain.HostMisc:
			one.Element += "/char"
			one.Device, err = h.node(ctx, one.Element, dev.Source, unix.S_IFCHR)
		case domain.HostNet: // it has no node
			found = false
		case domain.HostUSB:
			one.Device, found, err = h.usb(at, dev.USB)
		}
		if err != nil {
			return nil, err
		}
		if found {
			list = append(list, one)
		}
	}
	return list, nil
}

// timers returns those timers that are devices. libvirt makes nodes of them only for the offset "localtime", for which
// alone it is an error if the host lacks one.
func (h Devices) timers(ctx context.Context, d *domain.Def) (list []planner.HostDevice, err error) {
	for i, t := range d.Clock.Timers {
		if !t.Device() {
			continue
		}
		local := d.Clock.Offset == "localtime"
		file := map[string]string{"rtc": "/dev/rtc0", "hpet": "/dev/hpet"}[t.Name]
		one := planner.HostDevice{Access: "r", NodeLess: !local, Element: numbered("domain/clock/timer", i, len(d.Clock.Timers)) + "@name"}
		st, err := h.look(ctx, file)
		if errors.Is(err, unix.ENOENT) && !local {
			continue
		}
		if one.Device, err = nodeOf(one.Element, file, unix.S_IFCHR, st, err); err != nil {
			return nil, err
		}
		one.Path, one.Mode = "/dev/"+t.Name, st.Mode&0o777
		list = append(list, one)
	}
	return list, nil
}

// node looks at a device node once: its kind and number are of one moment, and everything that follows goes by them.
func (h Devices) node(ctx context.Context, element, path string, kind uint32) (plan.Device, error) {
	st, err := h.look(ctx, path)
	return nodeOf(element, path, kind, st, err)
}

// look is stat(2). It returns ctx's error as soon as ctx ends: an automount or a network file system on the path may
// not answer, and the call cannot be cancelled.
func (h Devices) look(ctx context.Context, path string) (unix.Stat_t, error) {
	type result struct {
		st  unix.Stat_t
		err error
	}
	got := make(chan result, 1)
	go func() {
		var r result
		r.err = h.stat(filepath.Join(h.root, path), &r.st)
		got <- r
	}()
	select {
	case r := <-got:
		return r.st, r.err
	case <-ctx.Done():
		return unix.Stat_t{}, ctx.Err()
	}
}

// nodeOf is the device that stat(2) has found at a path, or has not.
func nodeOf(element, path string, kind uint32, st unix.Stat_t, err error) (plan.Device, error) {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return plan.Device{}, lacking(element, "the host has no device %s", path)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return plan.Device{}, fmt.Errorf("%s: %s does not answer: %w", element, path, err)
	case err != nil:
		return plan.Device{}, lacking(element, "%v", &os.PathError{Op: "stat", Path: path, Err: err})
	}
	if st.Mode&unix.S_IFMT != kind {
		return plan.Device{}, lacking(element, "%s is not a %s device", path, map[uint32]string{unix.S_IFBLK: "block", unix.S_IFCHR: "character"}[kind])
	}
	return plan.Device{
		Path: path, Block: kind == unix.S_IFBLK, Major: unix.Major(st.Rdev), Minor: unix.Minor(st.Rdev), Mode: nodeMode,
	}, nil
}

func usbPath(bus, device uint16) string { return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, device) }
