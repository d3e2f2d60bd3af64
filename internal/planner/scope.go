package planner

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Scope plans the scope of a container: its devices and its limits.
func Scope(d *domain.Def) plan.Scope {
	s := plan.Scope{
		// The daemon is stopped last when the host goes down: it stops the containers in order.
		After:   []string{"berthd.service"},
		Devices: devicesAllowed(d.Features.Capabilities.States["mknod"]),
	}
	limits(&s, d.Memory)
	return s
}

// devicesAllowed is libvirt's list of what every container may use; makeNodes adds the making of any
// node, but not its use.
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

// limits translates libvirt's KiB to systemd's bytes. swap_hard_limit counts memory and swap together,
// MemorySwapMax= counts swap alone.
func limits(s *plan.Scope, m domain.Memory) {
	total := m.Max
	if m.HardLimit != nil {
		total = *m.HardLimit
	}
	if m.SwapHardLimit != nil { // memory alone must not be more than both together
		total = min(total, *m.SwapHardLimit)
	}
	s.MemoryMax = inBytes(total)
	if m.SoftLimit != nil {
		s.MemoryHigh = inBytes(*m.SoftLimit)
	}
	if m.SwapHardLimit != nil {
		rest := *m.SwapHardLimit
		if rest < domain.Unlimited {
			rest -= total
		}
		s.MemorySwapMax = inBytes(rest)
	}
}

func inBytes(kib uint64) *uint64 {
	b := plan.Infinity
	if kib < domain.Unlimited {
		b = kib << 10
	}
	return &b
}
