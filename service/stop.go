package service

import (
	"context"
	"errors"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// Destroy kills every process of a running container and returns when nothing of the run is left:
// no unit, machine or control group. A StateError when it is off.
func (s *Service) Destroy(ctx context.Context, u domain.UUID) error {
	var over chan struct{}
	err := s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if lifecycle(opDestroy, snap.State) != proceed {
			return &StateError{Op: string(opDestroy), Name: snap.Name, State: snap.State}
		}
		s.intend(c, &c.run.Destroyed)
		over = c.run.over
		return s.kill(c.run)
	})
	if err != nil {
		return err
	}
	// The run's watcher sees init's end and takes down the rest, as for any other end.
	ctx, cancel := limited(ctx, 2*endTimeout)
	defer cancel()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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
		s.intend(c, &c.run.Stopping)
		return s.urge(c, c.run)
	})
	if err != nil && !errors.Is(err, ErrNoContainer) {
		s.Log.Error("stop ordered by systemd", "uuid", u.String(), "err", err)
	}
}

// intend notes what is about to be done to a run, so that its end is taken for what it is even when
// this daemon is killed before it comes. From now on nobody shares with it. The caller holds the queue.
func (s *Service) intend(c *container, what *bool) {
	c.mu.Lock()
	c.shareable = nil
	c.mu.Unlock()
	*what = true
	s.note(c.run)
}

// note keeps what is known of a run for a later daemon. That it cannot be kept stops nothing: with a
// full /run a container can still be suspended, resumed and ended.
func (s *Service) note(r *run) {
	if err := s.Runs.Save(r.Run); err != nil {
		s.Log.Error("run state", "uuid", r.UUID.String(), "err", err)
	}
}

// urge asks init to end, and will kill it when it takes too long. The caller holds the queue.
func (s *Service) urge(c *container, r *run) error {
	s.change(c, nil, func(snap *Snapshot) { snap.State = StateStopping })
	sup := r.supervisor // the queue's holder may replace it
	s.work.Go(func() { s.insist(c, r, sup) })
	return errors.Join(sup.Terminate(), s.inGroup(r, Group.Thaw))
}

// insist kills what does not end in time.
func (s *Service) insist(c *container, r *run, sup Supervisor) {
	timer := time.NewTimer(s.StopTimeout)
	defer timer.Stop()
	select {
	case <-sup.Done():
		return
	case <-timer.C:
	}
	_ = c.acquire(detached())
	defer c.release()
	if c.run != r {
		return // it is another life's group now
	}
	if err := s.kill(r); err != nil {
		s.Log.Error("kill after the stop timeout", "uuid", r.UUID.String(), "err", err)
	}
}

// kill kills all processes of a container, whose supervisor ends then by itself. One that does not,
// since it hangs or was stopped, is killed too, once it has nobody left to watch. The caller holds the
// queue.
func (s *Service) kill(r *run) error {
	sup := r.supervisor
	s.work.Go(func() { s.endSupervisor(r, sup) })
	return s.inGroup(r, Group.Kill)
}

// endSupervisor kills one that does not end by itself in time.
func (s *Service) endSupervisor(r *run, sup Supervisor) {
	timer := time.NewTimer(supervisorLimit)
	defer timer.Stop()
	select {
	case <-sup.Done():
		return
	case <-timer.C:
	}
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	err := s.inGroup(r, func(g Group) error { return g.AwaitEmpty(ctx) })
	if ignoreGone(err) == nil {
		err = sup.Kill()
	}
	s.Log.Error("the supervisor did not see the container's end", "uuid", r.UUID.String(), "err", err)
}

// watch waits for the end of a run and does what comes after.
func (s *Service) watch(c *container, r *run) {
	<-r.supervisor.Done()
	_ = c.acquire(detached())
	defer c.release()
	end := r.supervisor.End()
	if !end.Known { // it may have written down what it could not say
		end = s.exitOf(r)
	}
	s.ended(c, r, end)
}

// ended takes a run down and starts the next one, if that is what its end means. The caller holds
// the queue.
func (s *Service) ended(c *container, r *run, end End) {
	name := c.snapshot().Name
	if err := s.takeDown(r, end); err != nil {
		s.Log.Error("take down", "domain", name, "uuid", r.UUID.String(), "err", err)
	}
	defer close(r.over)
	c.mu.Lock()
	live := c.live
	c.live, c.latest, c.shareable = nil, live, nil
	c.mu.Unlock()
	c.run = nil

	fate := fateOf(r, end, live)
	s.change(c, fate.event(s), func(snap *Snapshot) {
		snap.State, snap.Reason, snap.StateChanged = StateShutoff, fate.reason, r.Changed
		snap.ID, snap.Leader, snap.Unit, snap.Slice, snap.ControlGroup = 0, 0, "", "", ""
		snap.Updated = false
		if end.Known {
			snap.LastExit = end.Exit
		}
		if c.stored != nil && !fate.restart {
			snap.describe(c.stored)
		}
	})
	if fate.restart && s.again(c, live, fate) {
		return
	}
	if !c.snapshot().Persistent {
		if err := s.dismiss(c, nil); err != nil {
			s.Log.Error("remains of a transient container", "domain", name, "err", err)
		}
	}
}

// again starts the next life. When that fails, or lives follow each other too fast, the container
// stays off.
func (s *Service) again(c *container, live *domain.Def, f fate) bool {
	name := c.snapshot().Name
	var err error
	if c.tooFast(s.Now()) {
		err = errTooFast
	} else {
		e := s.event(events.Started, events.Booted)
		if f.guestReboot {
			e = s.event(events.Rebooted, events.Guest)
		}
		err = s.boot(detached(), c, live, e)
	}
	if err == nil {
		return true
	}
	s.Log.Error("restart", "domain", name, "err", err)
	s.change(c, s.event(events.Stopped, events.Failed), func(snap *Snapshot) {
		snap.Reason = ReasonFailed
		if c.stored != nil {
			snap.describe(c.stored)
		}
	})
	return false
}

// end kills what a supervisor still holds and waits for its own end.
func (s *Service) end(r *run) error {
	var err error
	if r.Group != "" {
		err = ignoreGone(s.inGroup(r, Group.Kill))
	}
	_ = r.supervisor.Close()
	timer := time.NewTimer(endTimeout)
	defer timer.Stop()
	select {
	case <-r.supervisor.Done():
		return err
	case <-timer.C:
		return errors.Join(err, ErrTimeout, r.supervisor.Kill())
	}
}
