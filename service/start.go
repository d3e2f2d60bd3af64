package service

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/planner"
)

// Start starts a stored container and returns when init has been executed, or when everything is
// undone: a StartError. A StateError when it is not off.
func (s *Service) Start(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if lifecycle(opStart, snap.State) != proceed {
			return &StateError{Op: string(opStart), Name: snap.Name, State: snap.State}
		}
		return s.boot(ctx, c, c.stored, s.event(events.Started, events.Booted))
	})
}

// Create starts a container that has no stored definition: it is gone when it stops. With the name
// and uuid of a stored one that is off, it starts that with this definition.
func (s *Service) Create(ctx context.Context, xml []byte) (Snapshot, error) {
	return s.withDefinition(ctx, xml, false, func(c *container, def *domain.Def, fresh bool) error {
		return s.create(ctx, c, def, fresh)
	})
}

func (s *Service) create(ctx context.Context, c *container, def *domain.Def, fresh bool) error {
	if fresh {
		s.announce(c, nil)
	}
	snap := c.snapshot()
	if lifecycle(opStart, snap.State) != proceed {
		return &StateError{Op: "create", Name: snap.Name, State: snap.State}
	}
	err := s.boot(ctx, c, def, s.event(events.Started, events.Booted))
	if err != nil && !snap.Persistent {
		if derr := s.dismiss(c, nil); derr != nil {
			s.Log.Error("remains of a transient container", "domain", snap.Name, "err", derr)
		}
	}
	return err
}

// boot runs the start and tells of its success; a failed start is a changed state, but no event.
// The caller holds the queue.
func (s *Service) boot(ctx context.Context, c *container, def *domain.Def, e *events.Event) error {
	ctx, cancel := limited(ctx, startTimeout)
	defer cancel()
	s.change(c, nil, func(snap *Snapshot) {
		snap.describe(def)
		snap.State, snap.Reason, snap.Updated = StateStarting, ReasonBooted, false
		// By the unit's name systemd's wish that it stop finds a container that is starting, too.
		snap.Unit, snap.Slice = s.Scopes.Names(snap.MachineName, def.Partition)
	})
	r, err := s.launch(ctx, c, def)
	if err != nil {
		s.change(c, nil, func(snap *Snapshot) {
			snap.State, snap.Reason = StateShutoff, ReasonFailed
			snap.Unit, snap.Slice = "", ""
			if c.stored != nil {
				snap.describe(c.stored)
			}
		})
		return timedOut(ctx, err)
	}
	s.begin(c, r, def, StateRunning, ReasonBooted, e)
	s.work.Go(func() { s.watch(c, r) })
	return nil
}

// begin enters a live run, a new one or one found after a restart.
func (s *Service) begin(c *container, r *run, def *domain.Def, state State, reason Reason, e *events.Event) {
	c.run = r
	c.mu.Lock()
	c.live = def
	if !r.Destroyed && !r.Stopping {
		c.shareable = r.supervisor
	}
	c.mu.Unlock()
	s.change(c, e, func(snap *Snapshot) {
		snap.State, snap.Reason = state, reason
		snap.ID, snap.Leader = r.supervisor.PID(), r.supervisor.Leader()
		snap.Unit, snap.Slice, snap.ControlGroup = r.Unit, r.Slice, r.Group
		snap.Started, snap.StateChanged = r.Started, r.Changed
	})
}

// launch carries out the steps of a start, in order, each with its undo.
func (s *Service) launch(ctx context.Context, c *container, def *domain.Def) (_ *run, err error) {
	snap := c.snapshot()
	r := &run{over: make(chan struct{}), Run: Run{
		UUID: def.UUID, State: StateStarting, Reason: ReasonBooted, Changed: snap.StateChanged,
		Machine: snap.MachineName, Unit: snap.Unit, Slice: snap.Slice, LastExit: snap.LastExit,
	}}
	var back undo
	step := "definition"
	defer func() {
		if err == nil {
			return
		}
		undone := back.run()
		// A supervisor that fails leaves systemd with a process that is gone: its own words are
		// the cause, what systemd says of it is not.
		if r.supervisor != nil && r.supervisor.Failure() != nil {
			step, err = "container", r.supervisor.Failure()
		}
		err = &StartError{Step: step, Err: errors.Join(err, undone)}
	}()

	if err = checkChosen(def); err != nil {
		return nil, err
	}
	step = "namespaces"
	p := planner.Build(def, s.Host)
	shared, err := s.openShares(p.Join)
	if err != nil {
		return nil, err
	}
	defer closeAll(shared)
	step = "run directory"
	dir, err := s.Runs.Create(def.UUID)
	if err != nil {
		return nil, err
	}
	back.push(func() error {
		r.State, r.Reason, r.Changed = StateShutoff, ReasonFailed, s.Now()
		return errors.Join(s.Runs.Save(r.Run), s.Runs.Archive(def.UUID))
	})

	step = "supervisor"
	if r.supervisor, err = s.Supervisors.Spawn(ctx, def.Name, dir, p, shared); err != nil {
		return nil, err
	}
	back.push(func() error { return s.end(r) })

	// From here on a daemon that comes after a crash must find the scope.
	step = "state"
	if r.XML, err = c.textOf(def); err != nil {
		return nil, err
	}
	if err = s.Runs.Save(r.Run); err != nil {
		return nil, err
	}

	step = "scope"
	if err = s.Scopes.Start(ctx, s.scopeOf(def, r)); err != nil {
		return nil, err
	}
	back.push(func() error {
		return s.afterwards(func(ctx context.Context) error { return s.Scopes.Stop(ctx, r.Unit) })
	})
	if err = s.enterGroup(ctx, r); err != nil {
		return nil, err
	}

	step = "machine"
	err = s.Machines.Register(ctx, Machine{Name: r.Machine, UUID: def.UUID, Leader: r.supervisor.Leader(), Root: snap.Root})
	if err != nil {
		return nil, err
	}
	back.push(func() error {
		return s.afterwards(func(ctx context.Context) error { return s.Machines.Unregister(ctx, r.Machine) })
	})

	step = "init"
	if err = r.supervisor.Continue(ctx); err != nil {
		return nil, err
	}
	step = "state"
	r.State, r.Started = StateRunning, s.Now()
	r.Changed = r.Started
	if err = s.Runs.Save(r.Run); err != nil {
		return nil, err
	}
	back.keep()
	return r, nil
}

// enterGroup has the supervisor, now in its scope, take its place there.
func (s *Service) enterGroup(ctx context.Context, r *run) error {
	if err := s.findGroup(r); err != nil {
		return err
	}
	return s.inGroup(r, func(g Group) error { return r.supervisor.Place(ctx, g.File()) })
}

// findGroup notes the control group of a run's scope. It must be that: whatever is done to a run is
// done to this group.
func (s *Service) findGroup(r *run) error {
	group, err := s.Groups.Of(r.supervisor.PID())
	if err != nil {
		return err
	}
	if !strings.HasSuffix(group, "/"+r.Unit) {
		return fmt.Errorf("the supervisor is in %s, not in %s", group, r.Unit)
	}
	r.Group = group
	return nil
}

func (s *Service) scopeOf(def *domain.Def, r *run) Scope {
	return Scope{
		Name: r.Unit, Slice: r.Slice, PID: r.supervisor.PID(), Plan: planner.Scope(def),
		Description: fmt.Sprintf("Container %s", def.Name), StopTimeout: s.StopTimeout + grace,
	}
}

// inGroup does something to the control group of a run, which holds none open.
func (s *Service) inGroup(r *run, f func(Group) error) error {
	if r.Group == "" {
		return fmt.Errorf("the control group of %[1]s is not known; 'systemctl kill -s KILL %[1]s' ends what is in it", r.Unit)
	}
	g, err := s.Groups.Open(r.Group)
	if err != nil {
		return err
	}
	return errors.Join(f(g), g.Close())
}

// afterwards runs a clean-up with a time of its own: the operation's may be over.
func (s *Service) afterwards(f func(context.Context) error) error {
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	return f(ctx)
}
