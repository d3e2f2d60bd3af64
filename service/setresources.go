package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// TuneOptions says what a change of limits or devices is for: the running container, its stored definition, or both.
// Neither means the running container, or the stored definition if it is off.
type TuneOptions struct{ Live, Config bool }

// SetResources changes limits, weights and bindings, all or none of them. It returns a *domain.Error that names the
// value if one is out of range, contradicts another, is below what is in use, or needs what the host lacks. It returns
// a StateError if the container is off and shall be changed live, and ErrTransient if there is no stored definition to
// change.
func (s *Service) SetResources(ctx context.Context, u domain.UUID, list []domain.Setting, o TuneOptions) error {
	return s.with(ctx, u, func(c *container) error {
		o, err := c.affected(opTune, o)
		if err != nil {
			return err
		}
		t, err := c.changed(o, func(d *domain.Def, running bool) (*domain.Def, string, error) { return tuned(d, list, running) })
		if err != nil {
			return err
		}
		if o.Live {
			if err := s.permit(c, t.live); err != nil {
				return err
			}
		}
		before := c.live
		err = s.tune(ctx, c, &t)
		s.auditLimits(c, before, t.live, err)
		return err
	})
}

// changed makes new definitions of the stored one and of the live one, as far as a change is for them.
func (c *container) changed(o TuneOptions, change func(d *domain.Def, running bool) (*domain.Def, string, error)) (t tuning, err error) {
	if o.Config {
		if t.stored, t.storedText, err = change(c.stored, false); err != nil {
			return t, err
		}
	}
	if o.Live {
		t.live, t.liveText, err = change(c.live, true)
	}
	return t, err
}

// affected says what a change is for: the running container, its stored definition, or both. It returns a StateError if
// the container is off and shall be changed live, and ErrTransient if there is no stored definition to change.
func (c *container) affected(op operation, o TuneOptions) (TuneOptions, error) {
	snap := c.snapshot()
	if !o.Live && !o.Config {
		o.Live, o.Config = snap.State.Active(), !snap.State.Active()
	}
	if o.Live {
		if _, err := allow(op, &snap); err != nil {
			return o, err
		}
	}
	if o.Config && c.stored == nil {
		return o, fmt.Errorf("cannot change its definition: %w", ErrTransient)
	}
	return o, nil
}

// readable returns the definition that a caller reads: that of the running container, or the stored one. Neither option
// means the running container, or the stored definition if that is off. It returns a StateError if the container is off
// and its live one is asked for, and ErrTransient if it has no stored one. The caller has c.mu locked.
func (c *container) readable(op operation, o TuneOptions) (def *domain.Def, live bool, err error) {
	live = o.Live || !o.Config && c.snap.State.Active()
	def = c.stored
	if live {
		def = c.live
	}
	switch {
	case def != nil:
	case live:
		_, err = allow(op, &c.snap)
	default:
		err = fmt.Errorf("cannot read its definition: %w", ErrTransient)
	}
	return def, live, err
}

// tuning has the new definitions. One that does not change is nil.
type tuning struct {
	live, stored         *domain.Def
	liveText, storedText string
}

func tuned(d *domain.Def, list []domain.Setting, running bool) (*domain.Def, string, error) {
	def, err := d.Tuned(list, running)
	if err != nil {
		return nil, "", err
	}
	text, err := def.Format(domain.FormatOptions{Run: running})
	return def, text, err
}

// permit returns an error if the host cannot give a running container its new limits, or if they are below what it
// uses: the kernel would kill processes.
func (s *Service) permit(c *container, d *domain.Def) error {
	if err := s.Resources.Check(d); err != nil {
		return err
	}
	return s.inGroup(&c.run.Run, func(g Cgroup) error {
		if err := hasEffect(d, g); err != nil {
			return err
		}
		memory, tasks, err := g.InUse()
		if err != nil {
			return err
		}
		after := planner.Scope(d)
		beforeMax, before := limitsOf(c.live)
		if most := *after.MemoryMax; most < memory && most < beforeMax {
			return below("MemoryMax", most>>10, memory>>10, "KiB of memory")
		}
		if most := after.TasksMax; most != nil && *most < tasks && *most < before.TasksMax {
			return below("TasksMax", *most, tasks, "processes and threads")
		}
		return nil
	})
}

func below(property string, most, used uint64, what string) error {
	return &domain.Error{Kind: domain.InvalidConfig, Element: property, Text: fmt.Sprintf("%d is below what the container uses: %d %s", most, used, what)}
}

// tune carries the change out, and takes it back if a part of it fails.
func (s *Service) tune(ctx context.Context, c *container, t *tuning) error {
	ctx, cancel := limited(ctx, supervisorLimit)
	defer cancel()
	undo := func(err error) error { return err }
	if t.live != nil {
		scope, next := planner.Scope(c.live), planner.Scope(t.live)
		before, after := &scope.Resources, &next.Resources
		if err := s.Scopes.SetResources(ctx, c.run.Unit, before, after); err != nil {
			return timedOut(ctx, err)
		}
		if err := s.reach("tune", "unit"); err != nil {
			return errors.Join(err, s.restoreLimits(c, c.run.XML, after, before))
		}
		text := c.run.XML
		undo = func(err error) error { return errors.Join(err, s.restoreLimits(c, text, after, before)) }
		c.run.XML = t.liveText
		if err := s.Runs.Save(c.run.Run); err != nil {
			return undo(err)
		}
		if err := s.reach("tune", "state"); err != nil {
			return undo(err)
		}
	}
	if t.stored != nil {
		if err := s.Definitions.Save(t.stored); err != nil {
			return undo(err)
		}
	}
	c.mu.Lock()
	if t.live != nil {
		c.live = t.live
	}
	if t.stored != nil {
		c.stored, c.text = t.stored, t.storedText
	}
	live, stored := c.live, c.stored
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) {
		switch {
		case snap.State == StateShutoff:
			snap.describe(stored)
			return
		case (t.live == nil || t.stored == nil) && stored != nil:
			snap.Updated = true
		}
		snap.MemoryMax, snap.Limits = limitsOf(live)
	})
	return nil
}

// restoreLimits gives a scope its limits of before, and the note the definition of before.
func (s *Service) restoreLimits(c *container, text string, from, to *plan.Resources) error {
	ctx, cancel := limited(detached(), supervisorLimit)
	defer cancel()
	c.run.XML = text
	return errors.Join(s.Scopes.SetResources(ctx, c.run.Unit, from, to), s.Runs.Save(c.run.Run))
}
