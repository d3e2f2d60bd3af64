package service

import (
	"context"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// machine is the registration with systemd-machined.
type machine struct{ *Service }

func (p machine) acquire(ctx context.Context, st *start) error {
	return p.Machines.Register(ctx, Machine{Name: st.Machine, UUID: st.UUID, Leader: st.Leader, Root: st.root, Links: st.links})
}

func (p machine) release(ctx context.Context, r *Run) error {
	switch {
	case r.Machine == "":
		return nil // a salvaged run that was not registered
	case r.Left != nil:
		return r.Left()
	}
	ours, err := p.Machines.Owns(ctx, r.Machine, r.UUID)
	if err != nil || !ours {
		return err
	}
	return p.Machines.Unregister(ctx, r.Machine)
}

// unregister begins to give a run's machine back before all processes have ended, so that nobody waits for that later.
// It asks machined at once whose the machine is: as long as the scope is there, its machine is, too. machined has to
// forget it as soon as init has ended, while the supervisor still ends. It does nothing the second time.
func (s *Service) unregister(r *run) {
	r.leaving.Do(func() {
		if r.Machine == "" || r.supervisor == nil {
			return
		}
		left := make(chan error, 1)
		name, u, sup := r.Machine, r.UUID, r.supervisor
		s.work.Go(func() {
			defer close(left)
			left <- s.unregisterAfter(sup, name, u)
		})
		r.Left = sync.OnceValue(func() error { return <-left })
	})
}

// unregisterAfter unregisters a machine when its init has ended.
func (s *Service) unregisterAfter(sup Supervisor, name string, u domain.UUID) error {
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	ours, err := s.Machines.Owns(ctx, name, u)
	if err != nil || !ours {
		return timedOut(ctx, err)
	}
	select {
	case <-sup.Exited():
	case <-sup.Done():
	}
	ctx, cancel = limited(detached(), endTimeout)
	defer cancel()
	return timedOut(ctx, s.Machines.Unregister(ctx, name))
}
