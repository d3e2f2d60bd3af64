package service

import "context"

// directory is the run's directory. The supervisor works in it, and a later daemon finds the run by it.
type directory struct{ *Service }

func (d directory) acquire(_ context.Context, st *start) (err error) {
	st.dir, err = d.Runs.Create(st.UUID)
	return err
}

// release keeps the directory as that of the previous run, with the final state.
func (d directory) release(_ context.Context, r *Run) (err error) {
	if !r.Final { // the start failed before there was a note, or the note could not be saved
		err = d.Runs.Save(*r)
	}
	if aerr := d.Runs.Archive(r.UUID); aerr != nil {
		return aerr
	}
	return err
}
