package service

import "context"

// supervisor is the supervisor's process, and the init stage. The mounts of images and the namespaces are
// released when it ends.
type supervisor struct{ *Service }

func (p supervisor) acquire(ctx context.Context, st *start) (err error) {
	st.starting, err = p.Supervisors.Spawn(ctx, st.name, st.dir, st.plan, st.shared, st.passed)
	if err != nil {
		st.starting = nil
		return err
	}
	st.Supervisor, st.Wire = st.starting.PID(), p.Supervisors.Wire()
	return nil
}

// release does nothing: endProcesses ends all processes before anything is released.
func (supervisor) release(context.Context, *Run) error { return nil }

// initProcess is init, executed. From then on the container runs without the daemon.
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

// release does nothing, like that of supervisor.
func (initProcess) release(context.Context, *Run) error { return nil }
