package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// Destroy kills every process of a running container and returns when nothing of the run is left:
// no unit, machine or control group. A StateError when it is off.
func (s *Service) Destroy(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if _, err := allow(opDestroy, &snap); err != nil {
			return err
		}
		s.recordIntent(c, &c.run.Destroyed)
		return s.stop(c, c.run)
	})
}

// RequestStop is systemd's wish that a scope end: by machinectl terminate, systemctl stop or the
// host's shutdown. Init is asked in the words that it understands, and killed if it understands
// none, or takes longer than StopTimeout.
func (s *Service) RequestStop(unit string) {
	for _, snap := range s.List() {
		if snap.Unit == unit {
			s.work.Go(func() { s.requestStop(snap.UUID) })
			return
		}
	}
}

func (s *Service) requestStop(u domain.UUID) {
	err := s.with(detached(), u, func(c *container) error {
		if c.run == nil || c.run.Stopping {
			return nil
		}
		s.recordIntent(c, &c.run.Stopping)
		return s.askToStop(c, c.run)
	})
	if err != nil && !errors.Is(err, ErrNoContainer) {
		s.Log.Error("stop ordered by systemd", "uuid", u.String(), "err", err)
	}
}

// recordIntent notes what is about to be done to a run, so that its end is taken for what it is even when
// this daemon is killed before it comes. From now on nobody shares with it. The caller has the container
// locked.
func (s *Service) recordIntent(c *container, what *bool) {
	c.mu.Lock()
	c.shareable, c.deaf = nil, false
	c.mu.Unlock()
	*what = true
	s.save(c.run)
}

// save keeps what is known of a run for a later daemon. An error stops nothing: with a full /run a container
// can still be suspended, resumed and ended.
func (s *Service) save(r *run) {
	if err := s.Runs.Save(r.Run); err != nil {
		s.Log.Error("run state", "uuid", r.UUID.String(), "err", err)
	}
}

// askToStop asks init to end, and kills it when that takes too long. The caller has the container locked.
func (s *Service) askToStop(c *container, r *run) error {
	s.change(c, nil, func(snap *Snapshot) { snap.State = StateStopping })
	s.work.Go(func() { s.killAfter(c, r, s.StopTimeout) })
	err := errNotAnswering
	if r.supervisor != nil {
		err = r.supervisor.Terminate()
	}
	return errors.Join(err, s.inGroup(&r.Run, Cgroup.Thaw))
}
