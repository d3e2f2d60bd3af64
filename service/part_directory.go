package service

import "context"

// directory is the run's directory. The supervisor works in it, and a later daemon finds the run by it.
type directory struct{ *Service }

func (d directory) acquire(_ context.Context, st *start) (err error) {
	st.dir, err = d.Runs.Create(st.UUID)
	return err
}

// release saves the final state and keeps the directory as that of the previous run.
func (d directory) release(_ context.Context, r *Run) error {
	err := d.Runs.Save(*r)
	if aerr := d.Runs.Archive(r.UUID); aerr != nil {
		return aerr
	}
	return err
}
