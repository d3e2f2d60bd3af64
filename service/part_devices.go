package service

import (
	"context"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// HostDevices is the host's devices, as far as containers can have them.
type HostDevices interface {
	// Find returns the devices that a definition asks for. It returns a *domain.Error, which names the element, if the
	// host lacks one or has another kind of file there, and ctx's error if a path does not answer before ctx ends.
	Find(ctx context.Context, d *domain.Def) ([]planner.HostDevice, error)
}

// Disks shows image files as block devices.
type Disks interface {
	// Attach returns a block device that shows a file, the disk n of a run, and its numbers. The device disappears with
	// its last descriptor. It returns an error if another container uses the file.
	Attach(ctx context.Context, runDir string, n int, file string, readOnly bool) (device *os.File, major, minor uint32, err error)
	MountedImages
}

// MountedImages mounts block devices and image files.
type MountedImages interface {
	// MountOne mounts one block device or image, the file system n of a run. The mount is attached nowhere. It returns an
	// error if another container uses the image, and ctx's error if it does not answer before ctx ends.
	MountOne(ctx context.Context, container, slice, runDir, label string, n int, src plan.Source) (*os.File, error)
}

// devices is the host's devices that the definition asks for. They are found before systemd is asked for the unit,
// which allows them by their numbers. The supervisor holds the disks' devices: whichever process ends first, they
// disappear with it.
type devices struct{ *Service }

func (p devices) acquire(ctx context.Context, st *start) error {
	list, err := p.HostDevices.Find(ctx, st.def)
	if err != nil || len(list) == 0 {
		return err
	}
	for i := range list {
		one := &list[i]
		if one.Image == "" {
			st.note(one)
			continue
		}
		device, major, minor, err := p.Disks.Attach(ctx, st.dir, i, one.Image, one.ReadOnly)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Element, err)
		}
		one.Major, one.Minor = major, minor
		st.starting.Hold(st.def.RunAliasOf(one.Slot), device)
		st.note(one)
	}
	planner.AddDevices(st.plan, list)
	st.devices, st.KeepsLoops = list, planner.KeepsLoops(st.plan)
	return nil
}

// note enters a device into the note, which is saved with a later part: only a running container loses devices.
func (st *start) note(one *planner.HostDevice) {
	if one.Slot.Kind != "" {
		st.Devices = append(st.Devices, noted(one, st.def.RunAliasOf(one.Slot)))
	}
}

func noted(one *planner.HostDevice, alias string) Device {
	return Device{Alias: alias, Path: one.Path, Block: one.Block, Major: one.Major, Minor: one.Minor, Access: one.Access, Image: one.Image != ""}
}

// release does nothing: the devices of disks disappear with the supervisor.
func (devices) release(context.Context, *Run) error { return nil }
