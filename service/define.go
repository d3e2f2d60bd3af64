package service

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// Define stores a definition, for a new container or for the next start of an existing one. It returns an
// ExistsError if another container has the name or the uuid, and a *domain.Error if the definition is wrong.
func (s *Service) Define(ctx context.Context, xml []byte) (Snapshot, error) {
	return s.withDefinition(ctx, domain.UUID{}, xml, true, s.define)
}

// withDefinition parses a definition, locks its container, and runs f. fresh is true if the container is new. If u is
// not zero, the definition must be of the container with that uuid.
func (s *Service) withDefinition(ctx context.Context, u domain.UUID, xml []byte, persistent bool, f func(c *container, def *domain.Def, fresh bool) error) (Snapshot, error) {
	def, idle, err := domain.Read(xml)
	if err == nil {
		err = s.checkLabel(def)
	}
	if err != nil {
		return Snapshot{}, err
	}
	permit, err := s.mayDefine(ctx, def, u)
	if err != nil {
		return Snapshot{}, err
	}
	for range mostRenewals {
		if !u.IsZero() {
			if err := s.isOf(def, u); err != nil {
				return Snapshot{}, err
			}
		}
		c, fresh, err := s.reserve(def, persistent)
		if err != nil {
			return Snapshot{}, err
		}
		if !fresh {
			if err := c.lock(ctx); err != nil {
				return Snapshot{}, err
			}
		}
		if c.gone || c.snapshot().Name != def.Name { // it was removed or renamed between reserve and lock
			c.unlock()
			continue
		}
		if now := c.current(); !fresh && permit != nil && !permit.Covers(now) {
			c.unlock() // nobody may hold it over a question
			if permit, err = permit.Renew(now); err != nil {
				return Snapshot{}, err
			}
			continue
		}
		if fresh && permit != nil && permit.question.Subject.entry != 0 { // the one that was asked about is gone
			s.forget(c)
			c.unlock()
			if permit, err = permit.Renew(Subject{UUID: def.UUID, Name: def.Name}); err != nil {
				return Snapshot{}, err
			}
			continue
		}
		done, err := s.claimIDs(c, def)
		switch {
		case err == nil:
			c.caller = CallerOf(ctx)
			err = f(c, def, fresh)
			c.caller = Caller{}
			done()
			if err == nil {
				s.warnWithoutEffect(c.who(), idle)
			}
		case fresh:
			s.forget(c)
		}
		snap := c.snapshot()
		c.unlock()
		return snap, err
	}
	return Snapshot{}, ErrRestless
}

func (s *Service) define(c *container, def *domain.Def, fresh bool) error {
	detail := events.Updated
	if fresh || !c.snapshot().Persistent {
		detail = events.Added
	}
	text, err := def.Format(domain.FormatOptions{})
	autostart := false
	if err == nil && detail == events.Added {
		autostart, err = s.firstAutostart(def.Name)
	}
	if err == nil {
		err = s.Definitions.Save(def)
	}
	if err != nil {
		if fresh {
			s.forget(c)
		}
		return err
	}
	c.mu.Lock()
	c.stored, c.text = def, text
	if fresh {
		c.snap.describe(def) // its MAC addresses are chosen by now
		c.snap.Autostart = autostart
	}
	c.mu.Unlock()
	s.mu.Lock()
	delete(s.bad, def.Name)
	s.mu.Unlock()
	if fresh {
		s.announce(c, s.event(events.Defined, detail))
		return nil
	}
	s.reown(c, def)
	s.change(c, s.event(events.Defined, detail), func(snap *Snapshot) {
		snap.Persistent = true
		snap.Autostart = snap.Autostart || autostart
		if snap.State == StateShutoff {
			snap.describe(def)
		} else {
			snap.Updated = true
			snap.OwnedBy, snap.Owner = ownerOf(def), c.owner
		}
	})
	return nil
}

// reserve finds the container of a definition, or enters a new one under its name and uuid. A new container is
// locked from the moment that others can find it, and nobody has been told of it.
func (s *Service) reserve(def *domain.Def, persistent bool) (c *container, fresh bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	named := s.byName[def.Name]
	if def.UUID.IsZero() {
		if named != nil {
			// As libvirt: without a uuid this would be another container of the same name.
			return nil, false, &ExistsError{Name: def.Name, UUID: named.snapshot().UUID}
		}
		def.UUID = s.NewUUID()
	}
	if known := s.byUUID[def.UUID]; known != nil {
		if known != named {
			return nil, false, &ExistsError{Name: known.snapshot().Name, UUID: def.UUID}
		}
		return known, false, nil
	}
	if named != nil {
		return nil, false, &ExistsError{Name: def.Name, UUID: named.snapshot().UUID}
	}
	c = s.enter(def, persistent)
	c.locked <- struct{}{}
	return c, true, nil
}

// enter registers a new container that is off. The caller holds mu.
func (s *Service) enter(def *domain.Def, persistent bool) *container {
	c := newContainer()
	s.entries++
	c.entry = s.entries
	c.snap = Snapshot{State: StateShutoff, Reason: ReasonUnknown, Persistent: persistent, StateChanged: s.Now()}
	c.snap.describe(def)
	s.byUUID[def.UUID], s.byName[def.Name] = c, c
	return c
}

// announce tells the observer of a new container.
func (s *Service) announce(c *container, e *events.Event) {
	after := c.snapshot()
	s.tell(nil, &after, e)
}

// forget takes a container out of the registry. The caller has it locked.
func (s *Service) forget(c *container) {
	snap := c.snapshot()
	c.gone = true
	s.mu.Lock()
	delete(s.byUUID, snap.UUID)
	if s.byName[snap.Name] == c {
		delete(s.byName, snap.Name)
	}
	s.mu.Unlock()
}

// dismiss removes a container from the registry with all that is kept of it, and tells the observer.
func (s *Service) dismiss(c *container, e *events.Event) error {
	before := c.snapshot()
	s.forget(c)
	err := s.Runs.Forget(before.UUID)
	s.tell(&before, nil, e)
	return err
}

// Undefine removes the stored definition. A running container becomes transient. It returns ErrTransient if the
// container is transient already.
func (s *Service) Undefine(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if !snap.Persistent {
			return fmt.Errorf("cannot undefine: %w", ErrTransient)
		}
		if err := s.Definitions.Remove(snap.Name); err != nil {
			return err
		}
		e := s.event(events.Undefined, events.Removed)
		if snap.State == StateShutoff {
			return s.dismiss(c, e)
		}
		c.mu.Lock()
		c.stored = nil
		c.mu.Unlock()
		s.change(c, e, func(snap *Snapshot) {
			snap.Persistent, snap.Autostart, snap.OnceAtBoot, snap.Updated = false, false, false, false
		})
		return nil
	})
}

// with locks a container for a call and runs f. It returns ErrNoContainer if the container is gone.
func (s *Service) with(ctx context.Context, u domain.UUID, f func(*container) error) error {
	c, err := s.lockFor(ctx, func() (*container, error) { return s.find(u) })
	if err != nil {
		return err
	}
	defer c.unlock()
	c.caller = CallerOf(ctx)
	defer func() { c.caller = Caller{} }()
	return f(c)
}
