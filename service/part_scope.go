package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/berthd/berth/internal/planner"
)

// scope is the transient unit. Its control group has the supervisor, and init in the payload's part.
type scope struct{ *Service }

func (p scope) acquire(ctx context.Context, st *start) error {
	made, err := p.Scopes.Start(ctx, Scope{
		Name: st.Unit, Slice: st.Slice, PID: st.Supervisor, Plan: planner.Scope(st.def),
		Description: fmt.Sprintf("Container %s", st.name), StopTimeout: stopTimeout(st.def, p.StopTimeout) + grace,
	})
	found := p.findGroup(&st.Run, st.Supervisor)
	if err == nil {
		err = found
	}
	if err == nil {
		err = p.inGroup(&st.Run, func(g Cgroup) error { return st.starting.Place(ctx, g.File()) })
	}
	switch {
	case err != nil && (made || found == nil):
		return p.undo(st, err)
	case err != nil:
		p.sweep(ctx, st)
		return err
	}
	st.Leader = st.starting.Leader()
	return nil
}

// undo stops a scope after acquire failed. It ends the processes first.
func (p scope) undo(st *start, err error) error {
	ended := p.endProcesses(st.run)
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	return errors.Join(err, ended, p.Scopes.Stop(ctx, st.Unit))
}

// sweep removes a unit without a process. systemd may have made it although its answer was lost: it loses calls
// when it executes itself anew. The start has failed either way.
func (p scope) sweep(ctx context.Context, st *start) {
	ctx, cancel := limited(context.WithoutCancel(ctx), supervisorLimit)
	defer cancel()
	if err := p.Scopes.AwaitFree(ctx, st.Unit); err != nil {
		p.Log.Debug("unit of a failed start", "domain", st.name, "err", err)
	}
}

// release returns when the unit that has the run's control group is gone. If that group is gone, the run's unit has ended
// by itself or was never started, and a unit of this name may be somebody else's.
func (p scope) release(ctx context.Context, r *Run) error {
	gone, err := p.groupIsGone(r)
	switch {
	case err != nil:
		return err
	case !gone:
		return p.Scopes.Ended(ctx, r.Unit, func() bool {
			gone, err := p.groupIsGone(r)
			return gone && err == nil
		})
	}
	return p.Scopes.AwaitFree(ctx, r.Unit)
}

// groupIsGone reports whether a run has no control group any more.
func (p scope) groupIsGone(r *Run) (bool, error) {
	if r.Group == "" {
		return true, nil
	}
	id, err := p.Cgroups.ID(r.Group)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return id != r.GroupID, err
}

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
