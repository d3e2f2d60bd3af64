package export

import (
	"path"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Node is a device of the host in the container's /dev.
type Node struct {
	plan.Device
	Element string
	Source  string // the host's path
	Access  string // letters of DeviceAllow=
}

// standard are the devices that every container has, by the path of the node.
const standard = 6

// Nodes returns the devices of the host that the container has, less those that every container has.
func (s *Source) Nodes() (list []Node) {
	devices := s.Plan.Nodes
	if !s.Plan.Namespaces.User && len(s.Plan.Devices) > standard {
		devices = s.Plan.Devices[standard:]
	}
	for _, d := range devices {
		n := s.node(d)
		n.Device = d
		list = append(list, n)
	}
	return list
}

// node finds the element of a device.
func (s *Source) node(d plan.Device) Node {
	for i := range s.Def.Disks {
		if disk := &s.Def.Disks[i]; d.Path == "/dev/"+disk.Target {
			access := "rwm"
			if disk.ReadOnly {
				access = "rm"
			}
			return Node{Element: s.Def.ElementOf(domain.Slot{Kind: domain.KindDisk, Index: i}), Source: disk.Source, Access: access}
		}
	}
	for i := range s.Def.HostDevices {
		if h := &s.Def.HostDevices[i]; h.Source == d.Path || h.Kind == domain.HostUSB && path.Dir(path.Dir(d.Path)) == "/dev/bus/usb" {
			return Node{Element: s.Def.HostDeviceElement(i), Source: d.Path, Access: "rwm"}
		}
	}
	source := d.Path
	if source == "/dev/rtc" {
		source = "/dev/rtc0"
	}
	return Node{Element: "domain/clock/timer", Source: source, Access: "rm"}
}
