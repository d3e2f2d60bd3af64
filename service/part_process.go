package service

import "context"

// supervisor is the process beside the container, and init before it is executed. It lets go the mounts
// of images and the namespaces by ending.
type supervisor struct{ *Service }

func (p supervisor) acquire(ctx context.Context, st *start) (err error) {
	st.starting, err = p.Supervisors.Spawn(ctx, st.name, st.dir, st.plan, st.shared)
	if err != nil {
		st.starting = nil
		return err
	}
	st.Supervisor, st.Wire = st.starting.PID(), p.Supervisors.Wire()
	return nil
}

// release has nothing to do: processes end in one place, before anything is released (endProcesses).
func (supervisor) release(context.Context, *Run) error { return nil }

// initProcess is init, executed. From then on the container runs by itself.
type initProcess struct{}

func (initProcess) acquire(ctx context.Context, st *start) (err error) {
	st.supervisor, err = st.starting.Continue(ctx)
	if err != nil {
		st.supervisor = nil
		return err
	}
	st.starting = nil
	return nil
}

// release has nothing to do: see supervisor.
func (initProcess) release(context.Context, *Run) error { return nil }
