package planner

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Scope plans the scope of a container: its devices and limits.
func Scope(d *domain.Def) plan.Scope {
	s := plan.Scope{
		// When the host shuts down, its file systems and network stay until the containers have ended. The scope is
		// not ordered after the daemon: systemd would not start the daemon while such a scope is being stopped.
		After:   []string{"local-fs.target", "remote-fs.target", "network.target"},
		Devices: devicesAllowed(d.Features.Capabilities.States["mknod"]),
	}
	memory(&s, d)
	processors(&s, d)
	blockIO(&s, d)
	return s
}

// devicesAllowed returns libvirt's list of the devices that every container may use. With makeNodes a
// container may also create a node for any device, but not open it.
func devicesAllowed(makeNodes bool) []plan.DeviceAllow {
	list := []plan.DeviceAllow{
		{Path: "/dev/null", Access: "rwm"},
		{Path: "/dev/zero", Access: "rwm"},
		{Path: "/dev/full", Access: "rwm"},
		{Path: "/dev/random", Access: "rwm"},
		{Path: "/dev/urandom", Access: "rwm"},
		{Path: "/dev/tty", Access: "rwm"},
		{Path: "/dev/ptmx", Access: "rwm"},
		{Path: "char-pts", Access: "rwm"},
		{Path: "/dev/fuse", Access: "rwm"},
	}
	if makeNodes {
		list = append(list, plan.DeviceAllow{Path: "char-*", Access: "m"}, plan.DeviceAllow{Path: "block-*", Access: "m"})
	}
	return list
}
