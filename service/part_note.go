package service

import "context"

// note is what a later daemon knows of the run, written before the first part that outlives this one.
type note struct{ *Service }

func (n note) acquire(_ context.Context, st *start) error {
	st.XML = st.text
	return n.Runs.Save(st.Run)
}

// release has nothing to do: the note is kept with the directory.
func (note) release(context.Context, *Run) error { return nil }

// runningNote is the note that init runs. It is a part of its own: if it cannot be written the start fails
// after init was executed.
type runningNote struct{ *Service }

func (p runningNote) acquire(_ context.Context, st *start) error {
	st.State, st.Started = StateRunning, p.Now()
	st.Changed = st.Started
	return p.Runs.Save(st.Run)
}

func (runningNote) release(context.Context, *Run) error { return nil }
