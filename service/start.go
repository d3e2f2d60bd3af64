package service

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/planner"
)

// Start starts a stored container. It returns when init has been executed. It returns a StartError if a
// step failed, and a StateError if the container is not off.
func (s *Service) Start(ctx context.Context, u domain.UUID) error {
	return s.StartWith(ctx, u, StartOptions{})
}

// StartWith is Start with options. It returns a PassedError if a descriptor cannot be passed. With Adopt, a container
// that runs is an error only if it runs for another service.
func (s *Service) StartWith(ctx context.Context, u domain.UUID, o StartOptions) error {
	if err := s.checkPassed(o.Passed); err != nil {
		return err
	}
	asked, err := s.mayStart(ctx, u, o)
	if err != nil {
		return err
	}
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if asked.PrivateUsers && !snap.PrivateUsers && len(o.Passed) > 0 { // its root has become the host's meanwhile
			return ErrRestless
		}
		if o.Adopt && lifecycle(opAdopt, snap.State) == proceed {
			return s.bind(c, o.Unit)
		}
		if _, err := allow(opStart, &snap); err != nil {
			return err
		}
		c.passing, c.owner, c.binding = o.Passed, o.Owner, o.Unit
		defer func() { c.passing, c.binding = nil, "" }()
		return s.first(ctx, c, c.stored)
	})
}

// Create starts a container without a stored definition. Such a container is transient: it is removed
// when it stops. If a stored container has this name and uuid and is off, Create starts that one with
// this definition. It returns the errors of Define and Start.
func (s *Service) Create(ctx context.Context, xml []byte) (Snapshot, error) {
	return s.CreateWith(ctx, xml, StartOptions{})
}

// CreateWith is Create with options. It returns a PassedError if a descriptor cannot be passed.
func (s *Service) CreateWith(ctx context.Context, xml []byte, o StartOptions) (Snapshot, error) {
	if err := s.checkPassed(o.Passed); err != nil {
		return Snapshot{}, err
	}
	if _, err := s.mayStart(ctx, domain.UUID{}, o); err != nil {
		return Snapshot{}, err
	}
	return s.withDefinition(ctx, domain.UUID{}, xml, false, func(c *container, def *domain.Def, fresh bool) error {
		c.passing, c.binding = o.Passed, o.Unit
		defer func() { c.passing, c.binding = nil, "" }()
		return s.create(ctx, c, def, fresh, o)
	})
}

func (s *Service) create(ctx context.Context, c *container, def *domain.Def, fresh bool, o StartOptions) error {
	if fresh {
		s.announce(c, nil)
	}
	snap := c.snapshot()
	if _, err := allow(opCreate, &snap); err != nil {
		return err
	}
	c.owner = o.Owner
	err := s.first(ctx, c, def)
	if err != nil && c.run == nil {
		s.dismissTransient(c)
	}
	return err
}

// first starts a container that somebody wants to run. The log has a failure too: whoever looks there later was not the
// caller.
func (s *Service) first(ctx context.Context, c *container, def *domain.Def) error {
	err := s.boot(ctx, c, def, s.event(events.Started, events.Booted))
	if err != nil {
		s.Log.Warn("a container could not be started", whoIs(def), message(contract.MessageStartFailed), "err", err)
	}
	return err
}

// boot starts the container and reports its success as the event e. A failed start changes the state but
// is no event. The caller has the container locked.
func (s *Service) boot(ctx context.Context, c *container, def *domain.Def, e *events.Event) error {
	ctx, cancel := limited(ctx, startTimeout)
	defer cancel()
	s.Cgroups.ExpectMove()
	s.change(c, nil, func(snap *Snapshot) {
		snap.describe(def)
		snap.State, snap.Reason, snap.Updated = StateStarting, ReasonBooted, false
		snap.Unit, snap.Slice = s.Scopes.Names(snap.MachineName, def.Partition)
	})
	c.trail = newTrail(c, def, e)
	var r *run
	release, err := s.useTrees(ctx, def.Name, def)
	defer release()
	if err != nil {
		err = &StartError{Step: "definition", Err: err}
	} else {
		r, err = s.launch(ctx, c, def)
	}
	if err != nil {
		s.auditFailedStart(c)
	}
	if err != nil && c.run != nil {
		return timedOut(ctx, err) // its processes have not ended yet
	}
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
	s.begin(c, r, def, e)
	if def.IDMap.Enabled() && def.Network() == domain.NetworkHost {
		s.Log.Info("a container with a user namespace uses the host's network: <privnet/> or an <interface> gives it its own", r.who())
	}
	s.work.Go(func() { s.watch(c, r) })
	return nil
}

// begin enters a run that lives: a new one, or that of an earlier daemon. The caller has the container
// locked.
func (s *Service) begin(c *container, r *run, def *domain.Def, e *events.Event) {
	c.run = r
	c.mu.Lock()
	c.bridges = r.bridges()
	c.live, c.groupID, c.over, c.id = def, r.GroupID, r.over, r.Leader
	c.shareable, c.notAnswering = nil, r.supervisor == nil
	c.supervisor, c.wire = r.supervisor, r.Wire
	if !r.Destroyed && !r.Stopping {
		c.shareable, c.wire = r.supervisor, r.Wire
	}
	c.mu.Unlock()
	s.change(c, e, func(snap *Snapshot) {
		snap.State, snap.Reason = r.State, r.Reason
		snap.ID, snap.Leader, snap.Run = r.Leader, r.Leader, r.Supervisor
		snap.Unit, snap.Slice, snap.ControlGroup = r.Unit, r.Slice, r.Group
		snap.Started, snap.StateChanged, snap.Owner = r.Started, r.Changed, r.Owner
		snap.OOMKills, snap.Label = r.OOMKills, r.Label
		snap.Ready = !def.Extension.Notify && r.State != StateStopping
	})
}

// launch carries out the steps of a start. It returns a StartError if one failed. c.run is not nil then if the
// processes do not end.
func (s *Service) launch(ctx context.Context, c *container, def *domain.Def) (*run, error) {
	st, err := s.prepare(c, def)
	if err != nil {
		return nil, err
	}
	defer closeAll(st.shared)
	if err := s.acquireAll(ctx, st); err != nil {
		if st.stuck {
			s.keep(c, st)
		}
		return nil, err
	}
	return st.run, nil
}

// keep makes a failed start the container's run, because its processes do not end. retryStop stops the run as
// soon as they do.
func (s *Service) keep(c *container, st *start) {
	st.State, st.Reason = StateStopping, ReasonFailed
	s.begin(c, st.run, st.def, nil)
	st.retried = true
	s.work.Go(func() { s.retryStop(c, st.run) })
}

// prepare decides everything for a start before its first step. It returns a StartError if the start
// cannot succeed.
func (s *Service) prepare(c *container, def *domain.Def) (*start, error) {
	if err := checkChosen(def); err != nil {
		return nil, &StartError{Step: "definition", Err: err}
	}
	if err := s.Resources.Check(def); err != nil {
		return nil, &StartError{Step: "definition", Err: err}
	}
	text, err := c.textOf(def)
	if err != nil {
		return nil, &StartError{Step: "definition", Err: err}
	}
	p := planner.Build(def, s.Host)
	shared, err := s.openShares(p.Join)
	if err != nil {
		return nil, &StartError{Step: "namespaces", Err: err}
	}
	snap := c.snapshot()
	st := &start{
		name: def.Name, def: def, text: text, plan: p, root: snap.Root, shared: shared,
		run: &run{over: make(chan struct{}), Run: Run{
			Version: RunVersion, UUID: def.UUID, Name: def.Name, State: StateStarting, Reason: ReasonBooted, Changed: snap.StateChanged,
			Machine: snap.MachineName, Unit: snap.Unit, Slice: snap.Slice, LastExit: snap.LastExit, Owner: c.owner,
		}},
	}
	if def.HasLinks() {
		if err := s.planLinks(st); err != nil {
			closeAll(shared)
			return nil, &StartError{Step: "definition", Err: err}
		}
	}
	st.pass(c.passing, c.binding)
	st.trail = c.trail
	return st, nil
}
