package service

import (
	"context"
	"errors"
	"time"

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

// ordered records that systemd has ordered a container's end: by machinectl terminate, systemctl stop or the
// host's shutdown. The supervisor has asked init already.
func (s *Service) ordered(c *container, r *run) {
	_ = c.lock(detached())
	defer c.unlock()
	if c.run != r || r.Stopping {
		return
	}
	s.recordIntent(c, &r.Stopping)
	if err := s.awaitStop(c, r); err != nil {
		s.Log.Error("stop ordered by systemd", r.who(), "err", err)
	}
}

// recordIntent saves an order to end a run, so that a later daemon reports the right reason for the end.
// From now on no other container can share namespaces with this one. The caller has the container locked.
func (s *Service) recordIntent(c *container, what *bool) {
	s.endSharing(c)
	*what = true
	s.save(c.run)
}

// endSharing keeps other containers from sharing namespaces with a container whose end is ordered.
func (s *Service) endSharing(c *container) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shareable, c.notAnswering = nil, false
}

// save writes a run's note for a later daemon. It only logs an error: a container can be suspended, resumed
// and ended even if /run is full.
func (s *Service) save(r *run) {
	if err := s.Runs.Save(r.Run); err != nil {
		s.Log.Error("run state", r.who(), "err", err)
	}
}

// askToStop asks init to end. The container is killed if that takes longer than the stop timeout. The caller has
// the container locked.
func (s *Service) askToStop(c *container, r *run) error {
	err := errNotAnswering
	if r.supervisor != nil {
		err = r.supervisor.Terminate()
	}
	return errors.Join(err, s.awaitStop(c, r))
}

// awaitStop kills a container that has been asked to end if that takes longer than the timeout of its definition or,
// without one, StopTimeout. It thaws the container: it may have been suspended at the same moment. The caller has the
// container locked.
func (s *Service) awaitStop(c *container, r *run) error {
	c.mu.Lock()
	timeout := stopTimeout(c.live, s.StopTimeout)
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) { snap.State = StateStopping })
	s.work.Go(func() { s.killAfter(c, r, timeout) })
	return ignoreGone(s.inGroup(&r.Run, Cgroup.Thaw))
}

// stopTimeout returns how long init has to end when systemd orders that, or otherwise if the definition does not say.
func stopTimeout(def *domain.Def, otherwise time.Duration) time.Duration {
	if limit := def.Extension.ShutdownTimeout; limit > 0 {
		return time.Duration(limit) * time.Second
	}
	return otherwise
}
