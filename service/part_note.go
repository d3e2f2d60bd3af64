package service

import "context"

// note is the run's note for a later daemon. It is written before the first part that outlives this daemon.
type note struct{ *Service }

func (n note) acquire(_ context.Context, st *start) error {
	st.XML = st.text
	return n.Runs.Save(st.Run)
}

// release does nothing: the note is kept with the directory.
func (note) release(context.Context, *Run) error { return nil }

// runningNote adds to the note that init runs. It is a part of its own, so that the start fails, and ends
// init, if it cannot be written.
type runningNote struct{ *Service }

func (p runningNote) acquire(_ context.Context, st *start) error {
	st.State, st.Started = StateRunning, p.Now()
	st.Changed = st.Started
	return p.Runs.Save(st.Run)
}

func (runningNote) release(context.Context, *Run) error { return nil }
