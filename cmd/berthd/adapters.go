package main

import (
	"context"
	"io"

	"github.com/berthd/berth/dbusapi"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/linux/dropins"
	"github.com/berthd/berth/internal/linux/unlinked"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/units"
)

// scopes adapts package units to the core.
type scopes struct{ client *units.Client }

func (s scopes) Names(machine, partition string) (unit, slice string) {
	return units.ScopeName(machine), units.SliceName(partition)
}

func (s scopes) Start(ctx context.Context, sc service.Scope) (made bool, err error) {
	devices := make([]units.Device, len(sc.Plan.Devices))
	for i, d := range sc.Plan.Devices {
		devices[i] = units.Device(d)
	}
	return s.client.Start(ctx, units.Scope{
		Name: sc.Name, Description: sc.Description, Slice: sc.Slice, PID: sc.PID, StopTimeout: sc.StopTimeout, KillSignal: wire.StopOrder,
		After: sc.Plan.After, Devices: devices, Resources: resources(&sc.Plan),
	})
}

// resources spells the limits of a plan.
func resources(p *plan.Scope) units.Resources {
	figures := func(list []plan.DeviceFigure) []units.DeviceFigure {
		out := make([]units.DeviceFigure, len(list))
		for i, f := range list {
			out[i] = units.DeviceFigure(f)
		}
		return out
	}
	return units.Resources{
		MemoryMax: p.MemoryMax, MemoryHigh: p.MemoryHigh, MemorySwapMax: p.MemorySwapMax, MemoryLow: p.MemoryLow, MemoryMin: p.MemoryMin,
		CPUWeight: p.CPUWeight, CPUQuotaPerSec: p.CPUQuotaPerSec, CPUQuotaPeriod: p.CPUQuotaPeriod,
		AllowedCPUs: p.AllowedCPUs, AllowedNodes: p.AllowedNodes, TasksMax: p.TasksMax,
		IOWeight: p.IOWeight, IODeviceWeight: figures(p.IODeviceWeight), IOReadBPS: figures(p.IOReadBPS), IOWriteBPS: figures(p.IOWriteBPS),
		IOReadIOPS: figures(p.IOReadIOPS), IOWriteIOPS: figures(p.IOWriteIOPS), IOLatency: figures(p.IOLatency),
	}
}

func (s scopes) SetResources(ctx context.Context, unit string, before, after plan.Scope) error {
	return s.client.SetResources(ctx, unit, resources(&before), resources(&after))
}

func (s scopes) Tuned(unit string) bool { return s.client.Tuned(unit) }

func (s scopes) Limits(ctx context.Context, unit string) (plan.Scope, error) {
	r, err := s.client.Resources(ctx, unit)
	figures := func(list []units.DeviceFigure) []plan.DeviceFigure {
		out := make([]plan.DeviceFigure, len(list))
		for i, f := range list {
			out[i] = plan.DeviceFigure(f)
		}
		return out
	}
	return plan.Scope{
		MemoryMax: r.MemoryMax, MemoryHigh: r.MemoryHigh, MemorySwapMax: r.MemorySwapMax, MemoryLow: r.MemoryLow, MemoryMin: r.MemoryMin,
		CPUWeight: r.CPUWeight, CPUQuotaPerSec: r.CPUQuotaPerSec, CPUQuotaPeriod: r.CPUQuotaPeriod,
		AllowedCPUs: r.AllowedCPUs, AllowedNodes: r.AllowedNodes, TasksMax: r.TasksMax,
		IOWeight: r.IOWeight, IODeviceWeight: figures(r.IODeviceWeight), IOReadBPS: figures(r.IOReadBPS), IOWriteBPS: figures(r.IOWriteBPS),
		IOReadIOPS: figures(r.IOReadIOPS), IOWriteIOPS: figures(r.IOWriteIOPS), IOLatency: figures(r.IOLatency),
	}, err
}

func (s scopes) Stop(ctx context.Context, unit string) error { return s.client.Stop(ctx, unit) }
func (s scopes) Ended(ctx context.Context, unit string, gone func() bool) error {
	return s.client.Ended(ctx, unit, gone)
}

func (s scopes) StopService(ctx context.Context, unit string) error {
	return s.client.StopService(ctx, unit)
}

func (s scopes) AwaitFree(ctx context.Context, unit string) error {
	return s.client.AwaitFree(ctx, unit)
}

// startHelper puts a process that serves a container's image into a scope of its own. The process must live
// until the image is unmounted: longer than the container's scope, and maybe longer than the daemon.
func (s scopes) startHelper(ctx context.Context, container, slice string, pid uint32) error {
	return s.client.StartHelper(ctx, units.Helper{
		Name:        units.HelperName("image", container, pid),
		Description: "Image of container " + container,
		Slice:       slice,
		PID:         pid,
		Before:      []string{units.ScopeName(container)},
	})
}

// removals adapts package unlinked to package units.
func removals(dir string, removed func(name string)) (io.Closer, error) {
	return unlinked.New(dir, removed)
}

// dropInsOf adapts package dropins to package units.
func dropInsOf(dir string, changed func(unit string)) (io.Closer, error) {
	return dropins.New(dir, changed)
}

// machines adapts package machined to the core.
type machines struct{ client *machined.Client }

func (m machines) Register(ctx context.Context, x service.Machine) error {
	return m.client.Register(ctx, machined.Machine{Name: x.Name, ID: x.UUID, Leader: x.Leader, Root: x.Root, Interfaces: x.Links})
}

func (m machines) Owns(ctx context.Context, name string, u domain.UUID) (bool, error) {
	return m.client.Owns(ctx, name, u)
}

func (m machines) Unregister(ctx context.Context, name string) error {
	return m.client.Unregister(ctx, name)
}

func (m machines) Find(ctx context.Context, u domain.UUID) (service.Registered, bool, error) {
	found, ok, err := m.client.Find(ctx, u)
	return service.Registered(found), ok, err
}

// observer passes every change to the bus, and tells idle that there was one.
type observer struct {
	signals  *dbusapi.Signals
	activity chan<- struct{}
}

func (o observer) Changed(before, after *service.Snapshot, event *events.Event) {
	o.signals.Changed(before, after, event)
	select {
	case o.activity <- struct{}{}:
	default:
	}
}

func (o observer) ProcessChanged(before, after *service.Process) {
	o.signals.ProcessChanged(before, after)
}
