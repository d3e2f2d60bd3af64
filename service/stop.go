package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// Destroy kills every process of a running container. It returns when no unit, machine or control group
// of the run is left. It returns a StateError if the container is off.
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

// RequestStop stops the container of a scope for systemd, which was told to by machinectl terminate,
// systemctl stop or the host's shutdown. It asks init with a signal that init understands. The container is
// killed if there is no such signal, or if init takes longer than StopTimeout.
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

// recordIntent saves an order to end a run, so that a later daemon reports the right reason for the end.
// From now on no other container can share namespaces with this one. The caller has the container locked.
func (s *Service) recordIntent(c *container, what *bool) {
	c.mu.Lock()
	c.shareable, c.notAnswering = nil, false
	c.mu.Unlock()
	*what = true
	s.save(c.run)
}

// save writes a run's note for a later daemon. It only logs an error: a container can be suspended, resumed
// and ended even if /run is full.
func (s *Service) save(r *run) {
	if err := s.Runs.Save(r.Run); err != nil {
		s.Log.Error("run state", "uuid", r.UUID.String(), "err", err)
	}
}

// askToStop asks init to end. The container is killed if that takes longer than StopTimeout. The caller has
// the container locked.
func (s *Service) askToStop(c *container, r *run) error {
	s.change(c, nil, func(snap *Snapshot) { snap.State = StateStopping })
	s.work.Go(func() { s.killAfter(c, r, s.StopTimeout) })
	err := errNotAnswering
	if r.supervisor != nil {
		err = r.supervisor.Terminate()
	}
	return errors.Join(err, s.inGroup(&r.Run, Cgroup.Thaw))
}
