package service

import (
	"context"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// takeOver makes a run whose supervisor answers ours again. The caller has the container locked.
func (s *Service) takeOver(c *container, r *run, def *domain.Def) {
	if err := s.complete(r); err != nil {
		s.Log.Error("take over", "domain", def.Name, "err", err)
	}
	s.goOn(c, r, def)
	s.work.Go(func() { s.watch(c, r) })
}

// goOn enters a run of an earlier daemon, and does what was ordered then. The caller has the container
// locked.
func (s *Service) goOn(c *container, r *run, def *domain.Def) {
	r.State, r.Reason = s.stateOf(r)
	s.begin(c, r, def, nil)
	switch {
	case r.Destroyed:
		s.work.Go(func() { s.killAfter(c, r, 0) })
	case r.Stopping:
		if err := s.askToStop(c, r); err != nil {
			s.Log.Error("stop ordered by systemd", "uuid", r.UUID.String(), "err", err)
		}
	}
}

// complete fills in the state that is missing when the previous daemon died after init ran but before it
// saved that, when an older one did not note it, or when its note could not be read.
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

// retryAttach asks a supervisor that could not be asked, again and again, until it answers or is gone, or
// until its run has been ended by the control group.
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
			s.Log.Error("supervisor", "domain", def.Name, "err", err)
		}
	}
}

func (s *Service) attachFor(ctx context.Context, r *run) (Supervisor, Presence, error) {
	ctx, cancel := limited(ctx, endTimeout)
	defer cancel()
	return s.Supervisors.Attach(ctx, s.Runs.Dir(r.UUID))
}

// attached goes on with a run of which is known now whether its supervisor lives; sup is nil if it is gone.
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
			s.Log.Error("processes do not end", "domain", def.Name, "uuid", r.UUID.String(), "err", err)
		}
	}
}
