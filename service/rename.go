package service

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// Rename gives a container that is off another name. Its uuid stays. It returns an ExistsError if a container has the
// name, a *domain.Error if none can have it, a StateError if the container is on, and a NamedError if others share its
// namespaces by the old name.
func (s *Service) Rename(ctx context.Context, u domain.UUID, name string) error {
	if err := s.mayTake(ctx, u, name); err != nil {
		return err
	}
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if _, err := allow(opRename, &snap); err != nil {
			return err
		}
		def, err := c.stored.Renamed(name)
		if err != nil {
			return err
		}
		text, err := def.Format(domain.FormatOptions{})
		if err == nil {
			err = s.notNamed(c, snap.Name)
		}
		if err == nil {
			err = s.take(c, name)
		}
		if err != nil {
			return err
		}
		if err := s.Definitions.Rename(def, snap.Name); err != nil {
			s.leave(name)
			return err
		}
		// Before the change: who hears of it looks for the new name.
		s.leave(snap.Name)
		c.mu.Lock()
		c.stored, c.text = def, text
		c.mu.Unlock()
		s.change(c, s.event(events.Undefined, events.Renamed), func(*Snapshot) {})
		s.change(c, s.event(events.Defined, events.Renamed), func(snap *Snapshot) { snap.describe(def) })
		return nil
	})
}

// take enters a container under a second name. It returns an ExistsError if another container has the name, or the
// error that is told of a stored definition of this name that cannot be read.
func (s *Service) take(c *container, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bad, is := s.bad[name]; is {
		return fmt.Errorf("%w: %w", ErrUnreadable, bad.Err)
	}
	if other := s.byName[name]; other != nil {
		return &ExistsError{Name: name, UUID: other.snapshot().UUID}
	}
	s.byName[name] = c
	return nil
}

// leave takes a name out of the registry.
func (s *Service) leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byName, name)
}

// Redefine stores a new definition of an existing container. previous, if not "", is the stored definition that the
// new one was made from. Redefine returns ErrChanged if the container has another one by now, ErrTransient if it has
// none, and a *domain.Error if the new one is wrong or of another container.
func (s *Service) Redefine(ctx context.Context, u domain.UUID, previous string, xml []byte) error {
	if _, err := s.find(u); err != nil {
		return err
	}
	_, err := s.withDefinition(ctx, u, xml, true, func(c *container, def *domain.Def, fresh bool) error {
		if fresh { // the container was removed meanwhile
			s.forget(c)
			return fmt.Errorf("%w with uuid %s", ErrNoContainer, u)
		}
		c.mu.Lock()
		stored := c.stored
		c.mu.Unlock()
		if stored == nil {
			return fmt.Errorf("cannot change its definition: %w", ErrTransient)
		}
		text, err := c.textOf(stored)
		if err != nil {
			return err
		}
		if previous != "" && previous != text {
			return ErrChanged
		}
		return s.define(c, def, false)
	})
	return err
}

// isOf returns a *domain.Error if a definition is not that of the container with a uuid. A definition without a uuid
// gets that one.
func (s *Service) isOf(def *domain.Def, u domain.UUID) error {
	c, err := s.find(u)
	if err != nil {
		return err
	}
	if def.UUID.IsZero() {
		def.UUID = u
	}
	name := c.snapshot().Name
	switch {
	case def.UUID != u:
		return &domain.Error{Kind: domain.InvalidConfig, Element: "uuid", Text: "it is " + def.UUID.String() + ", and that of the container is " + u.String() + ", which cannot change"}
	case def.Name != name:
		return &domain.Error{Kind: domain.InvalidConfig, Element: "name", Text: fmt.Sprintf("it is %q, and that of the container is %q, which only a rename changes", def.Name, name)}
	}
	return nil
}
