package service

import (
	"context"
	"sync"
)

// machine is the registration with systemd-machined.
type machine struct{ *Service }

func (p machine) acquire(ctx context.Context, st *start) error {
	return p.Machines.Register(ctx, Machine{Name: st.Machine, UUID: st.UUID, Leader: st.Leader, Root: st.root})
}

func (p machine) release(ctx context.Context, r *Run) error {
	if r.Machine == "" {
		return nil // a salvaged run that was not registered
	}
	owns := r.MachineOurs
	if owns == nil {
		owns = func() (bool, error) { return p.Machines.Owns(ctx, r.Machine, r.UUID) }
	}
	ours, err := owns()
	if err != nil || !ours {
		return err
	}
	return p.Machines.Unregister(ctx, r.Machine)
}

// askOwner begins to ask machined whose a run's machine is, so that nobody waits for the answer later.
func (s *Service) askOwner(r *Run) {
	if r.Machine == "" {
		return
	}
	type answer struct {
		ours bool
		err  error
	}
	got := make(chan answer, 1)
	name, u := r.Machine, r.UUID
	s.work.Go(func() {
		defer close(got)
		ctx, cancel := limited(detached(), endTimeout)
		defer cancel()
		ours, err := s.Machines.Owns(ctx, name, u)
		got <- answer{ours, timedOut(ctx, err)}
	})
	r.MachineOurs = sync.OnceValues(func() (bool, error) {
		a := <-got
		return a.ours, a.err
	})
}
