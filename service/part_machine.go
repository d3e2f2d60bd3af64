package service

import "context"

// machine is the registration with systemd-machined.
type machine struct{ *Service }

func (p machine) acquire(ctx context.Context, st *start) error {
	return p.Machines.Register(ctx, Machine{Name: st.Machine, UUID: st.UUID, Leader: st.Leader, Root: st.root})
}

func (p machine) release(ctx context.Context, r *Run) error {
	if r.Machine == "" { // a note that could not be read, of a run that never came so far
		return nil
	}
	return p.Machines.Unregister(ctx, r.Machine, r.UUID)
}
