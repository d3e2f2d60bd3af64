package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

// scope is the supervisor in the control group of its unit, and init in the payload's part of that. Part unit begins
// it.
type scope struct{ *Service }

func (p scope) acquire(ctx context.Context, st *start) error {
	err := st.asked.awaitArrival(ctx)
	early := !isOver(st.asked.over)
	found := p.findGroup(&st.Run, st.Supervisor)
	if err == nil && found != nil && early { // somebody else has come into the group
		err = st.asked.wait(ctx)
		found = p.findGroup(&st.Run, st.Supervisor)
	}
	if err = cmp.Or(err, found); err != nil {
		return err
	}
	err = p.inGroup(&st.Run, func(g Cgroup) error {
		if err := hasEffect(st.def, g); err != nil {
			return err
		}
		return st.starting.Place(ctx, g.File())
	})
	if err != nil {
		return err
	}
	st.Leader = st.starting.Leader()
	return nil
}

// release does nothing: the control group is gone when the unit is.
func (scope) release(context.Context, *Run) error { return nil }

// job is systemd's answer: the unit is active. Nobody waited for it before, since the control group was there earlier.
type job struct{}

func (job) acquire(ctx context.Context, st *start) error {
	if err := st.asked.wait(ctx); err != nil {
		return err
	}
	st.asked = nil
	return nil
}

// release does nothing, like that of scope.
func (job) release(context.Context, *Run) error { return nil }

// findGroup enters the control group of a supervisor into the note. It returns an error if that is not the
// group of the run's unit: everything that is done to a run is done to this group.
func (s *Service) findGroup(r *Run, supervisor uint32) error {
	group, id, err := s.Cgroups.Of(supervisor)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(group, "/"+r.Unit) {
		return fmt.Errorf("the supervisor is in %s, not in %s", group, r.Unit)
	}
	r.Group, r.GroupID = group, id
	return nil
}

// inGroup calls f with the control group of a run. It keeps no descriptor open. It returns errNotFound if
// neither the group nor the unit is known, and fs.ErrNotExist if the group is gone.
func (s *Service) inGroup(r *Run, f func(Cgroup) error) error {
	switch {
	case r.Group == "" && r.Unit == "":
		return errNotFound
	case r.Group == "":
		return fmt.Errorf("the control group of %[1]s is not known; 'systemctl kill -s KILL %[1]s' ends what is in it", r.Unit)
	}
	g, err := s.Cgroups.Open(r.Group, r.GroupID)
	if err != nil {
		return err
	}
	return errors.Join(f(g), g.Close())
}
