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
	return s.client.Start(ctx, units.Scope{
		Name: sc.Name, Description: sc.Description, Slice: sc.Slice, PID: sc.PID, StopTimeout: sc.StopTimeout, KillSignal: wire.StopOrder,
		Scope: sc.Plan,
	})
}

func (s scopes) SetResources(ctx context.Context, unit string, before, after *plan.Resources) error {
	return s.client.SetResources(ctx, unit, before, after)
}

func (s scopes) AllowDevice(ctx context.Context, unit string, d plan.DeviceAllow) error {
	return s.client.AllowDevice(ctx, unit, d)
}

func (s scopes) Tuned(unit string) bool { return s.client.Tuned(unit) }

func (s scopes) Limits(ctx context.Context, unit string) (plan.Resources, error) {
	return s.client.Resources(ctx, unit)
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

func (m machines) Others(ctx context.Context) (list []service.OtherMachine, err error) {
	others, err := m.client.Others(ctx)
	for _, o := range others {
		list = append(list, service.OtherMachine(o))
	}
	return list, err
}

// observer passes every change to the bus and to the log, and tells idle and the status that there was one.
type observer struct {
	signals  *dbusapi.Signals
	activity chan<- struct{}
	changed  chan<- struct{}
	story    *chronicle
	tally    *tally
	clients  *listeners
}

func (o observer) Changed(before, after *service.Snapshot, event *events.Event) {
	o.signals.Changed(before, after, event)
	o.story.tell(before, after, event)
	o.tally.note(before, after, event)
	o.clients.changed(before, after, event)
	for _, slot := range []chan<- struct{}{o.activity, o.changed} {
		select {
		case slot <- struct{}{}:
		default:
		}
	}
}

func (o observer) ProcessChanged(before, after *service.Process) {
	o.signals.ProcessChanged(before, after)
}

func (o observer) DeviceChanged(u domain.UUID, alias string, added bool) {
	o.signals.DeviceChanged(u, alias, added)
	o.clients.deviceChanged(u, alias, added)
}

func (o observer) MetadataChanged(u domain.UUID, kind domain.MetadataKind, uri string) {
	o.signals.MetadataChanged(u, kind, uri)
	o.clients.metadataChanged(u, kind, uri)
}
