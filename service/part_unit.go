package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	"github.com/berthd/berth/internal/planner"
)

// unit is the transient unit. systemd needs some milliseconds for it. Meanwhile the supervisor is told what to start.
type unit struct{ *Service }

// asked is a request to systemd for a unit. made and err are its answer, and are set before over is closed.
type asked struct {
	cancel  context.CancelFunc
	arrived <-chan struct{} // closed when a process has come into the unit's control group; may be nil
	over    chan struct{}
	made    bool // systemd is known to have made the unit
	err     error
}

// acquire begins, and waits for nothing. Part job takes the answer.
func (p unit) acquire(ctx context.Context, st *start) error {
	ctx, cancel := context.WithCancel(ctx)
	arrived, forget := p.Cgroups.Arrival(st.Slice, st.Unit)
	a := &asked{cancel: cancel, arrived: arrived, over: make(chan struct{})}
	st.asked = a
	limits := planner.Scope(st.def)
	planner.AllowDevices(&limits, st.devices)
	s := Scope{
		Name: st.Unit, Slice: st.Slice, PID: st.Supervisor, Plan: limits,
		Description: fmt.Sprintf("Container %s", st.name), StopTimeout: stopTimeout(st.def, p.StopTimeout) + grace,
	}
	p.work.Go(func() {
		defer cancel()
		defer forget()
		defer close(a.over)
		a.made, a.err = p.Scopes.Start(ctx, s)
	})
	runtime.Gosched() // systemd takes longest, so the call to it comes first, and not when a processor is idle
	return nil
}

// awaitArrival returns when the supervisor is likely to be in the unit's control group, at the latest with systemd's
// answer.
func (a *asked) awaitArrival(ctx context.Context) error {
	select {
	case <-a.arrived:
		return nil
	case <-a.over:
		return a.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait returns systemd's answer.
func (a *asked) wait(ctx context.Context) error {
	select {
	case <-a.over:
		return a.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// withdraw takes back a request for a unit whose answer was not taken. It returns those of the held parts that are left
// to be released. ended is the error of endProcesses: while a process lives, the unit stays.
func (p unit) withdraw(st *start, held []step, ended error) ([]step, error) {
	a := st.asked
	if a == nil {
		return held, nil
	}
	p.cutShort(a)
	held = slices.DeleteFunc(slices.Clone(held), func(s step) bool { return s.part == part(p) })
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	switch {
	case ended != nil:
		_ = p.findGroup(&st.Run, st.Supervisor) // for the one who ends the processes later
		return held, nil
	case a.made || st.Group != "":
		return held, timedOut(ctx, p.Scopes.Stop(ctx, st.Unit))
	}
	// systemd may have made the unit although its answer was lost: it loses calls when it executes itself anew. The
	// start has failed either way.
	if err := p.Scopes.AwaitFree(ctx, st.Unit); err != nil {
		p.Log.Debug("unit of a failed start", st.who(), "err", err)
	}
	return held, nil
}

// cutShort waits for the answer to a request that is not needed any more, up to supervisorLimit.
func (unit) cutShort(a *asked) {
	ctx, cancel := limited(detached(), supervisorLimit)
	defer cancel()
	_ = a.wait(ctx)
	a.cancel()
	<-a.over
}

// release returns when the unit that has the run's control group is gone. If that group is gone, the run's unit has
// ended by itself or was never started, and a unit of this name may be somebody else's.
func (p unit) release(ctx context.Context, r *Run) error {
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
func (p unit) groupIsGone(r *Run) (bool, error) {
	if r.Group == "" {
		return true, nil
	}
	id, err := p.Cgroups.ID(r.Group)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return id != r.GroupID, err
}
