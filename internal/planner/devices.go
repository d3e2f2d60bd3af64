package planner

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// HostDevice is a device of the host, as it was found for a container.
type HostDevice struct {
	plan.Device
	Access   string      // letters of DeviceAllow=
	NodeLess bool        // the container may use the device, but gets no node of it
	Element  string      // of the definition, for errors
	ReadOnly bool        // of an image
	Slot     domain.Slot // of the definition; a timer has none
}

// AddDevices plans the nodes of host devices in the container's /dev.
//
// The root of a user namespace may make no node, and one in a file system that it has mounted opens nothing. berthd
// makes them in a file system of the host then, for the container's root, and each is mounted.
func AddDevices(p *plan.Plan, list []HostDevice) {
	if keepsLoops(list) {
		p.Deny = slices.Sorted(slices.Values(append(p.Deny, loopOrders)))
	}
	for i := range list {
		d := &list[i]
		switch {
		case d.NodeLess:
		case !p.Namespaces.User:
			p.Devices = append(p.Devices, d.Device)
		default:
			if len(p.Nodes) == 0 {
				p.Sources = append(p.Sources, plan.Source{Path: "/dev", Kind: plan.SourceNodes})
			}
			p.Mounts = append(p.Mounts, plan.Mount{
				Kind: plan.MountSource, Target: d.Path, Source: len(p.Sources) - 1, From: strconv.Itoa(len(p.Nodes)),
			})
			p.Nodes = append(p.Nodes, d.Device)
		}
	}
}

// loopOrders are the system calls that change a loop device.
const loopOrders = "ioctl(LOOP_*)"

// KeepsLoops reports whether a plan keeps the container from changing the loop devices that show images of its disks.
func KeepsLoops(p *plan.Plan) bool { return slices.Contains(p.Deny, loopOrders) }

// keepsLoops reports whether a container has loop devices that show images of its disks, and no others. To it they are
// disks: it may not have them show another file, which could be of a file system that it serves itself and so hold up
// everybody who looks at the device. Who gives a container a loop device of the host, or their control, wants it to do
// such things.
func keepsLoops(list []HostDevice) bool {
	const loops, misc, control = 7, 10, 237 // Documentation/admin-guide/devices.txt
	images := false
	for i := range list {
		d := &list[i]
		images = images || d.Image != ""
		if d.Image == "" && (d.Block && d.Major == loops || !d.Block && d.Major == misc && d.Minor == control) {
			return false
		}
	}
	return images
}

// AllowDevices lets a scope use host devices. They are named by their numbers, which systemd takes as they are
// (systemd.resource-control(5)): a path could lead to another device by then.
func AllowDevices(s *plan.Scope, list []HostDevice) {
	for i := range list {
		d := &list[i]
		s.Devices = append(s.Devices, plan.DeviceAllow{Path: DeviceNumbers(d.Block, d.Major, d.Minor), Access: d.Access})
	}
}

// ShowDevices adds to a plan that is only shown what AllowDevices adds at a start. The start chooses the loop device of
// an image, which so has no numbers yet.
func ShowDevices(s *plan.Scope, list []HostDevice) {
	first := len(s.Devices)
	AllowDevices(s, list)
	for i := range list {
		if image := list[i].Image; image != "" {
			s.Devices[first+i].Path = LoopOf(image)
		}
	}
}

// LoopOf stands in a plan for the loop device that a start chooses for an image.
func LoopOf(image string) string { return "the loop device of " + image }

// DeviceNumbers returns the path by which a scope is allowed to use a device.
func DeviceNumbers(block bool, major, minor uint32) string {
	kind := "char"
	if block {
		kind = "block"
	}
	return fmt.Sprintf("/dev/%s/%d:%d", kind, major, minor)
}
