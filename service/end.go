package service

import (
	"syscall"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// finish gives a note its final state.
func (r *Run) finish(reason Reason, end End, now time.Time) {
	r.State, r.Reason, r.Changed = StateShutoff, reason, now
	if end.Known {
		r.LastExit = end.Exit
	}
}

// stop ends a run: it ends the processes, releases the parts and updates the container. If a process does
// not end, it returns an error, releases nothing and tries again later. The caller has the container locked.
func (s *Service) stop(c *container, r *run) error {
	s.unregister(r)
	if err := s.endProcesses(r); err != nil {
		if !r.retried {
			r.retried = true
			s.work.Go(func() { s.retryStop(c, r) })
		}
		return err
	}
	s.ended(c, r)
	return nil
}

// ended releases the parts of a run after its processes have ended. It starts the next run if the
// life-cycle actions say so.
func (s *Service) ended(c *container, r *run) {
	defer s.over(c, r)
	c.mu.Lock()
	live := c.live
	c.mu.Unlock()
	end := s.resultOf(r)
	s.tellLastOOM(c, r, end)
	s.settleEnded(c, r)
	out := outcomeOf(&r.Run, end, live)
	r.finish(out.reason, end, s.Now())
	if err := s.releaseAll(&r.Run, s.steps(&r.Run)); err != nil {
		s.Log.Error("end of a run", r.who(), "err", err)
	}
	s.auditStop(c, r, live, end.Known, out)
	c.mu.Lock()
	c.live, c.previous, c.shareable, c.notAnswering, c.supervisor = nil, live, nil, false, nil
	c.mu.Unlock()
	c.run = nil
	s.change(c, out.event(s), func(snap *Snapshot) {
		snap.State, snap.Reason, snap.StateChanged = StateShutoff, out.reason, r.Changed
		snap.ID, snap.Leader, snap.Run, snap.Unit, snap.Slice, snap.ControlGroup = 0, 0, 0, "", "", ""
		snap.Updated, snap.Ready, snap.Status, snap.Owner, snap.Label = false, false, "", "", Label{}
		if end.Known {
			snap.LastExit = end.Exit
		}
		if c.stored != nil && !out.restart {
			snap.describe(c.stored)
		}
	})
	c.passing, c.binding = r.takePassed(), r.Bound
	if out.restart {
		r.notRestarted = s.restart(c, live, out)
	}
	closePassed(c.passing)
	c.passing, c.binding = nil, ""
	if out.restart && r.notRestarted == nil {
		return
	}
	s.stopBound(r)
	s.dismissTransient(c)
}

// over tells those who wait for the end of a run. By now the next one runs, or none will.
func (s *Service) over(c *container, r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over == r.over {
		c.over = nil
	}
	close(r.over)
}

// dismissTransient removes a container that has no stored definition.
func (s *Service) dismissTransient(c *container) {
	snap := c.snapshot()
	if snap.Persistent {
		return
	}
	if err := s.dismiss(c, nil); err != nil {
		s.Log.Error("remains of a transient container", snap.Who(), "err", err)
	}
}

// restart starts the next run. If that fails, or if the container restarts too often by itself, the container stays
// off and restart returns an error.
func (s *Service) restart(c *container, live *domain.Def, o outcome) error {
	err := errTooFast
	if o.requested || !c.tooFast(s.Now()) {
		err = s.boot(detached(), c, live, s.beginning(o))
	}
	if err == nil {
		return nil
	}
	s.Log.Error("it does not start again", c.who(), message(contract.MessageNotRestarted), "err", err)
	s.change(c, s.event(events.Stopped, events.Failed), func(snap *Snapshot) {
		snap.Reason = ReasonFailed
		if c.stored != nil {
			snap.describe(c.stored)
		}
	})
	return err
}

// beginning returns the event of a run that follows another one.
func (s *Service) beginning(o outcome) *events.Event {
	switch {
	case o.reboot && o.requested:
		return s.event(events.Rebooted, events.Requested)
	case o.reboot:
		return s.event(events.Rebooted, events.Guest)
	}
	return s.event(events.Started, events.Booted)
}

// watch waits for the end of a supervisor and then ends its run. Before that, systemd may order the end, and the kernel
// may kill processes.
func (s *Service) watch(c *container, r *run) {
	oom := s.watchOOM(c, r)
	for waiting := true; waiting; {
		select {
		case <-oom.event:
			oom.counted()
			continue
		case <-oom.paused():
			oom.goOn()
			continue
		case <-r.supervisor.Noticed():
			s.noticed(c, r)
			continue
		case <-r.supervisor.Asked():
			s.ordered(c, r)
		case <-r.supervisor.Exited():
			s.unregister(r)
		case <-r.supervisor.Done():
		}
		waiting = false
	}
	oom.end()
	<-r.supervisor.Done()
	s.stopIfCurrent(c, r)
}

// killAfter ends a run unless it has ended by itself before the timeout.
func (s *Service) killAfter(c *container, r *run, timeout time.Duration) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-r.over:
	case <-timer.C:
		s.stopIfCurrent(c, r)
	}
}

// retryStop tries again and again to end a run whose processes did not end, until that succeeds.
func (s *Service) retryStop(c *container, r *run) {
	tick := time.NewTicker(attachPause)
	defer tick.Stop()
	for {
		select {
		case <-r.over:
			return
		case <-tick.C:
			s.stopIfCurrent(c, r)
		}
	}
}

// stopIfCurrent ends a run unless it has been ended meanwhile.
func (s *Service) stopIfCurrent(c *container, r *run) {
	_ = c.lock(detached())
	defer c.unlock()
	if c.run != r {
		return
	}
	if err := s.stop(c, r); err != nil {
		s.Log.Error("processes do not end", r.who(), message(contract.MessageStuck), "err", err)
	}
}

// resultOf returns how a run ended: from the supervisor's last message or, without one, from the file of the
// exit status.
func (s *Service) resultOf(r *run) End {
	end := s.reported(r)
	// The count may be of earlier ones, and others send SIGKILL too.
	if end.OOMKills > 0 && end.Exit == (Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}) {
		var err error
		if end.OutOfMemory, err = s.Cgroups.KilledForMemory(r.Leader); err != nil {
			s.Log.Error("whether init was killed for want of memory is not known", r.who(), "err", err)
		}
	}
	return end
}

// reported returns what the supervisor said of the end of a run, or wrote down.
func (s *Service) reported(r *run) End {
	if r.supervisor != nil {
		if end := r.supervisor.End(); end.Known {
			return end
		}
	}
	end, known, err := s.Supervisors.Exit(s.Runs.Dir(r.UUID))
	if err != nil {
		s.Log.Error("exit status", r.who(), "err", err)
	}
	end.Known = known
	return end
}
