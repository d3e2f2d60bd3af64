package service

import "context"

// supervisor is the supervisor's process. It waits until it is told what to start.
type supervisor struct{ *Service }

func (p supervisor) acquire(_ context.Context, st *start) (err error) {
	st.starting, err = p.Supervisors.Begin(st.dir)
	if err != nil {
		st.starting = nil
		return err
	}
	st.Supervisor, st.Wire = st.starting.PID(), p.Supervisors.Wire()
	return nil
}

// release does nothing: endProcesses ends all processes before anything is released.
func (supervisor) release(context.Context, *Run) error { return nil }

// prepared is what the supervisor makes of the plan: the mounts of images, the namespaces and the child that becomes
// init. All are released when the supervisor ends.
type prepared struct{}

func (prepared) acquire(ctx context.Context, st *start) error {
	return st.starting.Prepare(ctx, st.name, st.Slice, st.plan, st.shared, st.passed)
}

// release does nothing, like that of supervisor.
func (prepared) release(context.Context, *Run) error { return nil }

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
