package service

import (
	"context"
	"fmt"
	"sync"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// Recover fills the registry from the stored definitions and the runs of an earlier daemon. It ends no
// container. The caller calls announce once it owns the bus name, so that listeners hear the events: it
// releases the runs that have ended meanwhile. Until then such a container is locked, and readers see it as
// stopping.
func (s *Service) Recover(ctx context.Context) (announce func(), err error) {
	defs, bad, err := s.Definitions.Load()
	if err != nil {
		return nil, fmt.Errorf("recover definitions: %w", err)
	}
	chooseStoredMACs(defs)
	autostarts, err := s.Definitions.Autostarts()
	if err != nil { // containers must be found again all the same
		s.Log.Error("containers that start with the host", "err", err)
	}
	once, err := s.Definitions.AutostartsOnce()
	if err != nil {
		s.Log.Error("containers that start with the next boot", "err", err)
	}
	for _, def := range defs {
		s.restore(def, autostarts[def.Name], once[def.Name])
	}
	s.setBad(bad)
	runs, err := s.Runs.Load()
	if err != nil {
		return nil, fmt.Errorf("recover runs: %w", err)
	}
	var mu sync.Mutex
	var pending []func()
	var all sync.WaitGroup
	for _, saved := range runs {
		all.Go(func() {
			if after := s.adopt(ctx, saved); after != nil {
				mu.Lock()
				defer mu.Unlock()
				pending = append(pending, after)
			}
		})
	}
	all.Wait()
	s.forgetStrangers(runs)
	pending = append(pending, s.restorePending(runs)...)
	return func() {
		for _, after := range pending {
			s.work.Go(after)
		}
	}, nil
}

// restore enters a stored definition, with the end of the previous run.
func (s *Service) restore(def *domain.Def, autostart, once bool) {
	last, found, err := s.Runs.Last(def.UUID)
	if err != nil {
		s.Log.Warn("last run", whoIs(def), "err", err)
	}
	text, err := def.Format(domain.FormatOptions{})
	if err != nil {
		s.Log.Warn("definition", whoIs(def), "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.enter(def, true)
	c.stored, c.text = def, text
	c.snap.Autostart, c.snap.OnceAtBoot = autostart, once
	if found {
		c.snap.Reason, c.snap.StateChanged = last.Reason, last.Changed
		c.snap.LastExit, c.snap.Started = last.LastExit, last.Started
		c.snap.OOMKills = last.OOMKills
	}
}

// setBad remembers the stored definitions that cannot be read, so that no other container gets their ids.
func (s *Service) setBad(list []Unreadable) {
	bad := make(map[string]Unreadable, len(list))
	for _, b := range list {
		s.Log.Error("stored definition cannot be read", message(contract.MessageUnreadable), b.who(), "err", b.Err)
		bad[b.Name] = b
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = bad
}

// forgetStrangers removes the archived runs of containers that do not exist any more: a daemon was killed
// before it removed them. It removes none if a definition cannot be read: an archived run may belong to it.
func (s *Service) forgetStrangers(runs []SavedRun) {
	s.mu.RLock()
	unsure := len(s.bad) > 0
	s.mu.RUnlock()
	last, err := s.Runs.LastOnes()
	if err != nil {
		s.Log.Warn("last runs", "err", err)
	}
	live := map[domain.UUID]bool{}
	for _, saved := range runs {
		live[saved.Run.UUID] = true
	}
	for _, u := range last {
		if _, err := s.find(u); err == nil || unsure || live[u] {
			continue
		}
		if err := s.Runs.Forget(u); err != nil {
			s.Log.Warn("last run of nobody", s.WhoHas(u), "err", err)
		}
	}
}

// adopt goes on with one run of an earlier daemon. It returns the work that must wait for announce, nil if
// there is none.
func (s *Service) adopt(ctx context.Context, saved SavedRun) (after func()) {
	u := saved.Run.UUID
	ctx, cancel := limited(ctx, supervisorLimit)
	defer cancel()
	sup, presence, err := s.Supervisors.Attach(ctx, s.Runs.Dir(u))
	if presence == Unknown { // the container may run: a failure to ask must not end it
		s.Log.Error("supervisor", s.WhoHas(u), "err", err)
	}
	r := &run{Run: saved.Run, supervisor: sup, over: make(chan struct{}), inherited: presence != Gone}
	if saved.Err == nil && r.Unit == "" {
		saved.Err = errOddNote
	}
	if c, err := s.find(u); err == nil { // until the definition is read that it was started with
		r.Name = c.snapshot().Name
	}
	r.unrecorded = saved.Err == nil && r.Started.IsZero()
	if saved.Err != nil {
		found, err := s.salvage(ctx, r, saved.Err, presence)
		if err != nil { // not known now: the next daemon tries again
			s.Log.Error("run without a state", s.WhoHas(u), "err", err)
			return nil
		}
		if !found {
			s.discard(u, saved.Err)
			return nil
		}
	}
	s.Labels.Reserve(r.Label) // also if it has ended: it is released with the run
	if presence == Gone && r.GroupID == 0 {
		if registered, err := s.askMachined(ctx, r); err != nil {
			s.Log.Error("machine", s.WhoHas(u), "err", err)
		} else if registered {
			s.locate(r, r.Leader)
		}
	}
	def := s.liveDefinition(r)
	r.Name = def.Name
	s.inheritOwner(r, def)
	c := s.entryOf(def)
	_ = c.lock(detached()) // nobody else knows it yet
	c.owner, c.snap.Owner = r.Owner, r.Owner
	if presence != Gone {
		s.resumeForwards(def.Name, &r.Run)
	}
	switch presence {
	case Alive:
		s.takeOver(c, r, def)
	case Unknown:
		s.goOn(c, r, def)
		c.unlock()
		return func() { s.retryAttach(c, r, def) }
	case Gone:
		return s.adoptEnded(c, r, def)
	}
	c.unlock()
	return nil
}

// adoptEnded enters a run whose supervisor is gone, with its container locked. The function that it returns
// releases the run and unlocks the container.
func (s *Service) adoptEnded(c *container, r *run, def *domain.Def) func() {
	c.run = r
	c.mu.Lock()
	c.live, c.over, c.id = def, r.over, r.Leader
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) {
		snap.State, snap.Reason, snap.StateChanged = StateStopping, r.Reason, r.Changed
		snap.Unit, snap.Slice, snap.Started = r.Unit, r.Slice, r.Started
	})
	return func() {
		defer c.unlock()
		if err := s.stop(c, r); err != nil {
			s.Log.Error("processes do not end", r.who(), message(contract.MessageStuck), "err", err)
		}
	}
}

// entryOf returns the container of a live definition. It enters a transient one if there is none.
func (s *Service) entryOf(def *domain.Def) *container {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byUUID[def.UUID]
	if c == nil {
		if s.byName[def.Name] != nil { // no two containers may have one name
			def.Name += "-" + def.UUID.String()
		}
		c = s.enter(def, false)
	} else {
		def.Name = c.snap.Name // the registry has it by this name, also after an administrator renamed the stored one
		c.snap.describe(def)
		c.snap.Updated = !sameDef(c.stored, def)
	}
	return c
}

// sameDef compares two definitions by their canonical texts.
func sameDef(a, b *domain.Def) bool {
	x, errx := a.Format(domain.FormatOptions{})
	y, erry := b.Format(domain.FormatOptions{})
	return errx == nil && erry == nil && x == y
}
