package service

import (
	"context"
	"errors"
)

// note is the run's note for a later daemon. It is written before the first part that outlives this daemon.
type note struct{ *Service }

func (n note) acquire(_ context.Context, st *start) error {
	st.XML = st.text
	return n.Runs.Save(st.Run)
}

// release does what can be done of the directory's release while systemd and machined work: it saves the final state,
// and removes the directory of the previous run. A daemon that dies then has lost nothing: the next one does all
// parts again, and decides on the run's end by the orders in the note and by the supervisor's file, not by the state.
func (n note) release(_ context.Context, r *Run) error {
	err := errors.Join(n.Runs.Save(*r), n.Runs.MakeRoom(r.UUID))
	r.Final = err == nil
	return err
}

// runningNote adds to the note that init runs. It is a part of its own, so that the start fails, and ends
// init, if it cannot be written.
type runningNote struct{ *Service }

func (p runningNote) acquire(_ context.Context, st *start) error {
	st.State, st.Started = StateRunning, p.Now()
	st.Changed = st.Started
	return p.Runs.Save(st.Run)
}

func (runningNote) release(context.Context, *Run) error { return nil }
