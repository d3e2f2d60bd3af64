package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// Suspend freezes every process of a container; one that is paused already stays so. A StateError
// when it is off.
func (s *Service) Suspend(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		switch lifecycle(opSuspend, snap.State) {
		case refuse:
			return &StateError{Op: string(opSuspend), Name: snap.Name, State: snap.State}
		case already:
			return nil
		case proceed:
		}
		ctx, cancel := limited(ctx, freezeLimit)
		defer cancel()
		if err := s.inGroup(c.run, func(g Group) error { return g.Freeze(ctx) }); err != nil {
			return timedOut(ctx, err)
		}
		if err := s.turn(c, StatePaused, ReasonUser, s.event(events.Suspended, events.Paused)); err != nil {
			return errors.Join(err, s.inGroup(c.run, Group.Thaw))
		}
		return nil
	})
}

// Resume lets a paused container go on. A StateError when it is not paused.
func (s *Service) Resume(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if lifecycle(opResume, snap.State) != proceed {
			return &StateError{Op: string(opResume), Name: snap.Name, State: snap.State}
		}
		if err := s.inGroup(c.run, Group.Thaw); err != nil {
			return err
		}
		if err := s.turn(c, StateRunning, ReasonUnpaused, s.event(events.Resumed, events.Unpaused)); err != nil {
			ctx, cancel := limited(detached(), freezeLimit)
			defer cancel()
			return errors.Join(err, s.inGroup(c.run, func(g Group) error { return g.Freeze(ctx) }))
		}
		return nil
	})
}

// turn changes the state of a live container, durably or not at all: a daemon that came later would take
// one that is frozen for one that runs, which nobody could resume.
func (s *Service) turn(c *container, state State, reason Reason, e *events.Event) error {
	before := c.run.Run
	c.run.State, c.run.Reason, c.run.Changed = state, reason, s.Now()
	if err := s.Runs.Save(c.run.Run); err != nil {
		c.run.Run = before
		return err
	}
	s.change(c, e, func(snap *Snapshot) {
		snap.State, snap.Reason, snap.StateChanged = state, reason, c.run.Changed
	})
	return nil
}
