package service

import (
	"context"
	"fmt"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// Recover fills the registry from what an earlier daemon left: the stored definitions, and the runs
// whose supervisors it finds again. It harms no container. What ended meanwhile is taken down, with
// its events, when settle is called: after the bus name is owned, so that listeners hear it. Until
// then such a container's queue is held, and its readers see it as it was.
func (s *Service) Recover(ctx context.Context) (settle func(), err error) {
	defs, err := s.Definitions.Load()
	if err != nil {
		return nil, fmt.Errorf("recover definitions: %w", err)
	}
	for _, def := range defs {
		s.restore(def)
	}
	runs, err := s.Runs.Load()
	if err != nil {
		return nil, fmt.Errorf("recover runs: %w", err)
	}
	var mu sync.Mutex
	var pending []func()
	var all sync.WaitGroup
	for _, r := range runs {
		all.Go(func() {
			if after := s.adopt(ctx, r); after != nil {
				mu.Lock()
				defer mu.Unlock()
				pending = append(pending, after)
			}
		})
	}
	all.Wait()
	return func() {
		for _, after := range pending {
			s.work.Go(after)
		}
	}, nil
}

// restore enters a stored definition, with what its last run left.
func (s *Service) restore(def *domain.Def) {
	last, found, err := s.Runs.Last(def.UUID)
	if err != nil {
		s.Log.Warn("last run", "domain", def.Name, "err", err)
	}
	text, err := def.Format(domain.FormatOptions{})
	if err != nil {
		s.Log.Warn("definition", "domain", def.Name, "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.enter(def, true)
	c.stored, c.text = def, text
	if found {
		c.snap.Reason, c.snap.StateChanged = last.Reason, last.Changed
		c.snap.LastExit, c.snap.Started = last.LastExit, last.Started
	}
}

// adopt takes one run over. It returns what is left to do for one that ended meanwhile.
func (s *Service) adopt(ctx context.Context, left Run) (after func()) {
	def, err := domain.Parse([]byte(left.XML))
	if err != nil {
		// It was written by us, perhaps by another version: the container runs on, unmanaged.
		s.Log.Error("the live definition cannot be read; machinectl can end the container", "machine", left.Machine, "uuid", left.UUID.String(), "err", err)
		return nil
	}
	c := s.entryOf(def)
	_ = c.acquire(detached()) // nobody else knows it yet
	r := &run{Run: left, over: make(chan struct{})}
	ctx, cancel := limited(ctx, supervisorLimit)
	defer cancel()
	sup, found, err := s.Supervisors.Attach(ctx, s.Runs.Dir(left.UUID))
	switch {
	case err != nil: // it may well run: no trouble of ours ends a container
		s.Log.Error("supervisor", "domain", def.Name, "err", err)
		q := s.standIn(c, r, def)
		c.release()
		return func() { s.attachLater(c, r, def, q) }
	case !found:
		return s.wentAway(c, r, def)
	}
	s.takeOver(c, r, def, sup)
	c.release()
	return nil
}

// takeOver makes a run ours again. The caller holds the queue.
func (s *Service) takeOver(c *container, r *run, def *domain.Def, sup Supervisor) {
	r.supervisor = sup
	if err := s.complete(r); err != nil {
		s.Log.Error("take over", "domain", def.Name, "err", err)
	}
	s.carryOn(c, r, def)
	s.work.Go(func() { s.watch(c, r) })
}

// carryOn enters a run of an earlier daemon, and does what was ordered then. The caller holds the queue.
func (s *Service) carryOn(c *container, r *run, def *domain.Def) {
	r.State, r.Reason = s.stateOf(r)
	s.begin(c, r, def, r.State, r.Reason, nil)
	var err error
	switch {
	case r.Destroyed:
		err = s.kill(r)
	case r.Stopping:
		err = s.urge(c, r)
	}
	if err != nil {
		s.Log.Error("order of an earlier daemon", "domain", def.Name, "err", err)
	}
}

// complete fills in what a daemon did not write down that died between the execution of init and
// its note of it.
func (s *Service) complete(r *run) error {
	if r.Group != "" {
		return nil
	}
	if err := s.findGroup(r); err != nil {
		return err
	}
	r.State, r.Started = StateRunning, s.Now()
	r.Changed = r.Started
	return s.Runs.Save(r.Run)
}

// wentAway enters a run that has no supervisor any more; the caller holds its queue, and what it
// returns gives that back.
func (s *Service) wentAway(c *container, r *run, def *domain.Def) func() {
	end := s.exitOf(r)
	c.run = r
	c.mu.Lock()
	c.live = def
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) {
		snap.State, snap.Reason, snap.StateChanged = StateStopping, r.Reason, r.Changed
		snap.Unit, snap.Slice, snap.Started = r.Unit, r.Slice, r.Started
	})
	return func() {
		defer c.release()
		s.ended(c, r, end)
	}
}

// exitOf gives the status that a supervisor left; not known when it left none that can be read.
func (s *Service) exitOf(r *run) End {
	end, known, err := s.Supervisors.Exit(s.Runs.Dir(r.UUID))
	if err != nil {
		s.Log.Error("exit status", "uuid", r.UUID.String(), "err", err)
	}
	end.Known = known
	return end
}

// entryOf finds the container of a live definition, or enters it as a transient one.
func (s *Service) entryOf(def *domain.Def) *container {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byUUID[def.UUID]
	if c == nil {
		c = s.enter(def, false)
	} else {
		c.snap.describe(def)
		c.snap.Updated = !sameDef(c.stored, def)
	}
	return c
}

// sameDef compares by the canonical text.
func sameDef(a, b *domain.Def) bool {
	x, errx := a.Format(domain.FormatOptions{})
	y, erry := b.Format(domain.FormatOptions{})
	return errx == nil && erry == nil && x == y
}
