package service

import (
	"context"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// Suspend freezes every process of a container. It does nothing if the container is paused already. It
// returns a StateError if the container is off.
func (s *Service) Suspend(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if done, err := allow(opSuspend, &snap); done || err != nil {
			return err
		}
		ctx, cancel := limited(ctx, freezeLimit)
		defer cancel()
		if err := s.inGroup(&c.run.Run, func(g Cgroup) error { return g.Freeze(ctx) }); err != nil {
			return timedOut(ctx, err)
		}
		s.setState(c, StatePaused, ReasonUser, s.event(events.Suspended, events.Paused))
		return nil
	})
}

// Resume thaws a paused container. It returns a StateError if the container is not paused.
func (s *Service) Resume(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if _, err := allow(opResume, &snap); err != nil {
			return err
		}
		if err := s.inGroup(&c.run.Run, Cgroup.Thaw); err != nil {
			return err
		}
		s.setState(c, StateRunning, ReasonUnpaused, s.event(events.Resumed, events.Unpaused))
		return nil
	})
}

// setState changes the state of a container that runs, after the kernel has done so.
func (s *Service) setState(c *container, state State, reason Reason, e *events.Event) {
	s.change(c, e, func(snap *Snapshot) { snap.State, snap.Reason = state, reason })
	c.run.State, c.run.Reason, c.run.Changed = state, reason, c.snapshot().StateChanged
	s.save(c.run)
}

// stateOf returns the state of a run of an earlier daemon. It asks the kernel whether the run is frozen: the
// earlier daemon may have died before it saved that, or /run was full.
func (s *Service) stateOf(r *run) (State, Reason) {
	noted := r.State == StatePaused
	frozen := noted
	err := s.inGroup(&r.Run, func(g Cgroup) error {
		is, err := g.Frozen()
		if err == nil {
			frozen = is
		}
		return err
	})
	if ignoreGone(err) != nil {
		s.Log.Error("frozen or not", r.who(), "err", err)
	}
	reason := r.Reason
	switch {
	case frozen && !noted:
		reason = ReasonUser
	case noted && !frozen:
		reason = ReasonUnpaused
	}
	if frozen {
		return StatePaused, reason
	}
	return StateRunning, reason // also if the note says starting or stopping
}
