package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/godbus/dbus/v5"
	"github.com/google/uuid"

	"github.com/berthd/berth/audit"
	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/dbusapi"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/config"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/host"
	"github.com/berthd/berth/internal/hostnet"
	"github.com/berthd/berth/internal/image"
	"github.com/berthd/berth/internal/launch"
	"github.com/berthd/berth/internal/network"
	"github.com/berthd/berth/internal/planner"
	"github.com/berthd/berth/internal/relabel"
	"github.com/berthd/berth/internal/store"
	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/polkit"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/units"
)

// paths are the files and directories that the daemon uses.
type paths struct {
	config, definitions, runs, labels, supervisor string
	networks                                      store.NetworkPaths
}

// parts is the assembled daemon.
type parts struct {
	lock        *os.File // held for life
	service     *service.Service
	networks    *service.Networks
	supervisors *launch.Supervisors
	relabeler   *relabel.Relabeler
	audit       *audit.Trail
	signals     *dbusapi.Signals
	access      *service.Access
	users       *dbusapi.Users
	client      *bus.Conn
	activity    chan struct{}
	story       *chronicle
	tally       *tally
	changed     chan struct{} // a container has
	announce    func()
	clients     listeners
}

// assemble makes every adapter, connects the core to them, and recovers the state of an earlier daemon.
func assemble(ctx context.Context, p paths, cfg config.Config, log *slog.Logger) (_ *parts, err error) {
	lock, err := store.Lock(p.runs)
	if err != nil {
		return nil, err
	}
	conn, err := bus.Connect(ctx, bus.Options{
		Replies: []map[string]string{units.Replies(), machined.Replies(), hostnet.Replies(), polkit.Replies(), dbusapi.StatsReplies(), {ping: ""}},
		Signals: map[string]map[string]string{units.BusName: units.Signals(), hostnet.BusName: hostnet.Signals(), polkit.BusName: polkit.Signals()},
		Library: []dbus.ConnOption{dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())},
	})
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("connect to the system bus: %w", err)
	}
	if err := conn.Shelter(ctx, contract.CallerName); err != nil {
		log.Warn("other users can fill the queue of a connection: the bus has an older policy", "err", err)
	}
	d := &parts{lock: lock, client: conn, signals: dbusapi.NewSignals(log), activity: make(chan struct{}, 1), changed: make(chan struct{}, 1), story: newChronicle(log), tally: newTally()}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.access, d.users, err = rights(ctx, conn, log); err != nil {
		return nil, err
	}
	systemd, err := units.New(ctx, conn.Conn, bus.NewPeer(conn.Conn, units.BusName))
	if err != nil {
		return nil, err
	}
	systemd.WatchFiles(removals)
	definitions, err := store.NewDefinitions(p.definitions, log)
	if err != nil {
		return nil, err
	}
	runs, err := store.NewRuns(p.runs, log)
	if err != nil {
		return nil, err
	}
	images := image.New(scopes{systemd}.startHelper, filepath.Join(p.runs, "images.lock"))
	supervisors, err := launch.New(p.supervisor, images)
	if err != nil {
		return nil, err
	}
	d.supervisors = supervisors
	cgroups, err := launch.NewCgroups()
	if err != nil {
		return nil, err
	}
	facts, err := host.Facts(planner.Host{ContainerEnv: cfg.ContainerEnv, Path: cfg.Path}, log)
	if err != nil {
		return nil, err
	}
	facts.Limits = inherited(ctx, systemd, supervisors, log)
	d.audit = trail(cfg.Audit, log)
	hosts, err := hostNetworks(conn, systemd)
	if err != nil {
		return nil, err
	}
	if d.networks, err = networks(hosts, d.signals, p, log); err != nil {
		return nil, err
	}
	at := relabel.NewLooks()
	if d.relabeler, err = relabel.New(p.labels, relabel.SELinux, at); err != nil {
		return nil, err
	}
	d.service, err = service.New(service.Deps{
		Audit:       d.audit,
		Definitions: definitions,
		Runs:        runs,
		Scopes:      scopes{systemd},
		Machines:    machines{machined.New(bus.NewPeer(conn.Conn, machined.BusName))},
		Cgroups:     cgroups,
		Supervisors: supervisors,
		HostIDs:     host.NewIDs(),
		Node:        host.NewNode(),
		Resources:   host.NewResources(cgroups.MountPoint()),
		HostDevices: host.NewDevices(),
		Disks:       images,
		Links:       network.Links{},
		Trees:       trees{d.relabeler, log, func(u domain.UUID) slog.Attr { return d.service.WhoHas(u) }, at},
		Bridges:     d.networks,
		Labels:      labels(cfg.Security, log),
		Forwards:    hostnet.NewForwards(hosts),
		IDRange:     cfg.IDRange,
		Observer:    observer{d.signals, d.activity, d.changed, d.story, d.tally, &d.clients},
		NewUUID:     func() domain.UUID { return domain.UUID(uuid.New()) },
		Now:         time.Now,
		Log:         log,
		Host:        facts,
		StopTimeout: cfg.StopTimeout,
		Confinement: service.Confinement{Default: cfg.DefaultConfined, Required: cfg.RequireConfined},
		Reached:     reached(),
	})
	if err != nil {
		return nil, err
	}
	systemd.WatchProperties(dropInsOf, d.service.LimitsChanged)
	if err := d.networks.Recover(ctx); err != nil { // containers must be found again all the same
		log.Error("networks of an earlier daemon", "err", err)
	}
	if d.announce, err = d.service.Recover(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *parts) close() {
	d.story.close()
	if d.audit != nil {
		d.audit.Close()
	}
	if d.relabeler != nil {
		_ = d.relabeler.Close()
	}
	if d.supervisors != nil {
		d.supervisors.Close()
	}
	_ = d.client.Close()
	_ = d.lock.Close()
}

// notify tells systemd the daemon's state. It does nothing if systemd did not start the daemon.
func notify(state string) { _, _ = daemon.SdNotify(false, state) }
