package service

import (
	"context"
	"reflect"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/planner"
)

// takeOver goes on with a run whose supervisor has answered this daemon. The caller has the container locked.
func (s *Service) takeOver(c *container, r *run, def *domain.Def) {
	if err := s.complete(r); err != nil {
		s.Log.Error("take over", r.who(), "err", err)
	}
	if r.unrecorded {
		s.auditTakenOver(c, r, def, s.Audit.PIDNamespace(r.Leader))
	}
	s.goOn(c, r, def)
	s.resumeProcesses(r)
	s.work.Go(func() { s.watch(c, r) })
}

// goOn enters a run of an earlier daemon, and carries out the orders in its note. The caller has the
// container locked.
func (s *Service) goOn(c *container, r *run, def *domain.Def) {
	r.State, r.Reason = s.stateOf(r)
	s.begin(c, r, def, nil)
	if s.Scopes.Tuned(r.Unit) || s.wasTuned(c) {
		s.agree(c, r.Unit)
	}
	s.settleLater(c, r)
	switch {
	case r.Destroyed, r.Wanted == WantReset:
		s.work.Go(func() { s.killAfter(c, r, 0) })
	case r.Stopping:
		if err := s.askToStop(c, r); err != nil {
			s.Log.Error("stop ordered by systemd", r.who(), "err", err)
		}
	}
}

// wasTuned reports whether the limits of the live definition may be other ones than those of the start. Somebody may
// have reverted them while no daemon was there. The caller has the container locked.
func (*Service) wasTuned(c *container) bool {
	return c.stored == nil || !reflect.DeepEqual(planner.Scope(c.live), planner.Scope(c.stored))
}

// complete fills in the state that is missing from a note: the previous daemon died after init ran but before
// it saved that, an older daemon did not save it, or the note could not be read.
func (s *Service) complete(r *run) error {
	sup := r.supervisor
	known := r.Group != "" && r.GroupID != 0 && r.Supervisor == sup.PID() && r.Leader == sup.Leader() && r.Version >= RunVersion
	if known {
		return nil
	}
	r.Version, r.Supervisor, r.Leader = max(r.Version, RunVersion), sup.PID(), sup.Leader()
	if r.Group == "" {
		r.State, r.Started = StateRunning, s.Now()
		r.Changed = r.Started
	}
	if err := s.findGroup(&r.Run, r.Supervisor); err != nil {
		return err
	}
	return s.Runs.Save(r.Run)
}

// retryAttach tries to reach a supervisor again and again, until it answers, is gone, or the run has been
// ended without it. The pauses grow from attachPause/10 to attachPause.
func (s *Service) retryAttach(c *container, r *run, def *domain.Def) {
	ctx, cancel := context.WithCancel(detached())
	s.work.Go(func() {
		<-r.over
		cancel()
	})
	said := ""
	for pause := attachPause / 10; ; pause = min(2*pause, attachPause) {
		select {
		case <-r.over:
			return
		case <-time.After(pause):
		}
		sup, presence, err := s.attachFor(ctx, r)
		switch {
		case presence != Unknown:
			s.attached(c, r, def, sup)
			return
		case err != nil && err.Error() != said:
			said = err.Error()
			s.Log.Error("supervisor does not answer", r.who(), message(contract.MessageNoSupervisor), "err", err)
		}
	}
}

func (s *Service) attachFor(ctx context.Context, r *run) (Supervisor, Presence, error) {
	ctx, cancel := limited(ctx, endTimeout)
	defer cancel()
	return s.Supervisors.Attach(ctx, s.Runs.Dir(r.UUID))
}

// attached goes on with a run after retryAttach has found out whether the supervisor lives. sup is nil if it
// is gone.
func (s *Service) attached(c *container, r *run, def *domain.Def, sup Supervisor) {
	_ = c.lock(detached())
	defer c.unlock()
	switch {
	case c.run != r:
		if sup != nil {
			_ = sup.Close()
		}
	case sup != nil:
		r.supervisor = sup
		s.takeOver(c, r, def)
	default:
		r.inherited = false
		if err := s.stop(c, r); err != nil {
			s.Log.Error("processes do not end", r.who(), message(contract.MessageStuck), "err", err)
		}
	}
}
