package main

import (
	"context"
	"time"

	"github.com/berthd/berth/dbusapi"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/units"
)

// scopes puts the core's words into systemd's.
type scopes struct{ client *units.Client }

func (s scopes) Names(machine, partition string) (unit, slice string) {
	return units.ScopeName(machine), units.SliceName(partition)
}

func (s scopes) Start(ctx context.Context, sc service.Scope) error {
	limit, high, swap := memoryLimits(sc.Memory)
	return s.client.Start(ctx, units.Scope{
		Name: sc.Name, Description: sc.Description, Slice: sc.Slice, PID: sc.PID,
		// The service insists first; systemd's own SIGKILL is for when no daemon is there.
		StopTimeout: sc.StopTimeout + grace,
		// At the host's shutdown the daemon is the last to go: it is who stops them in order.
		After:     []string{"berthd.service"},
		Devices:   devices(sc.MakeNodes),
		MemoryMax: limit, MemoryHigh: high, MemorySwapMax: swap,
	})
}

func (s scopes) Stop(ctx context.Context, unit string) error { return s.client.Stop(ctx, unit) }

// startHelper puts a process that serves a container's image into a scope of its own: the process must
// live until the image is unmounted, longer than the container's scope and the daemon's service may.
func (s scopes) startHelper(ctx context.Context, container string, pid uint32) error {
	return s.client.StartHelper(ctx, units.Helper{
		Name:        units.HelperName("image", container, pid),
		Description: "Image of container " + container,
		Slice:       units.SliceName(""),
		PID:         pid,
		Before:      []string{units.ScopeName(container)},
	})
}

// grace is how much longer than the service systemd waits for a scope to end.
const grace = 5 * time.Second

// devices is libvirt's list of what every container may use; makeNodes adds the making of any node.
func devices(makeNodes bool) []units.Device {
	list := []units.Device{
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
		list = append(list, units.Device{Path: "char-*", Access: "m"}, units.Device{Path: "block-*", Access: "m"})
	}
	return list
}

// memoryLimits turns libvirt's KiB into systemd's bytes. swap_hard_limit counts memory and swap
// together, MemorySwapMax= swap alone.
func memoryLimits(m domain.Memory) (limit, high, swap *uint64) {
	total := m.Max
	if m.HardLimit != nil {
		total = *m.HardLimit
	}
	if m.SwapHardLimit != nil { // memory alone must not be more than both together
		total = min(total, *m.SwapHardLimit)
	}
	limit = inBytes(total)
	if m.SoftLimit != nil {
		high = inBytes(*m.SoftLimit)
	}
	if m.SwapHardLimit != nil {
		rest := *m.SwapHardLimit
		if rest < domain.Unlimited {
			rest -= total
		}
		swap = inBytes(rest)
	}
	return limit, high, swap
}

func inBytes(kib uint64) *uint64 {
	b := units.Infinity
	if kib < domain.Unlimited {
		b = kib << 10
	}
	return &b
}

// machines puts the core's words into machined's.
type machines struct{ client *machined.Client }

func (m machines) Register(ctx context.Context, x service.Machine) error {
	return m.client.Register(ctx, machined.Machine{Name: x.Name, ID: x.UUID, Leader: x.Leader, Root: x.Root})
}

func (m machines) Unregister(ctx context.Context, name string) error {
	return m.client.Unregister(ctx, name)
}

// observer passes every change to the bus, and a nudge to who waits for idleness.
type observer struct {
	signals *dbusapi.Signals
	nudges  chan<- struct{}
}

func (o observer) Changed(before, after *service.Snapshot, event *events.Event) {
	o.signals.Changed(before, after, event)
	select {
	case o.nudges <- struct{}{}:
	default:
	}
}
