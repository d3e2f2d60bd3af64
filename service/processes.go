package service

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// endProcesses ends every process of a run, and returns when they have ended. No other place kills processes.
// Init goes first, so that the supervisor can note how init ended. Then the supervisor ends, and last any
// process that came into the scope from outside. The caller has the container locked.
func (s *Service) endProcesses(r *run) error {
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	var err error
	switch {
	case r.Group == "" && r.inherited && !s.hasGroup(r):
		// If only the supervisor ended, the container would live on and nobody would know of it.
		return s.inGroup(&r.Run, Cgroup.Kill)
	case r.starting != nil: // the supervisor ends init, and then itself
		r.starting.HangUp()
		err = awaitEnd(r.starting)
	case r.supervisor != nil && !isOver(r.supervisor.Done()):
		err = ignoreGone(s.inGroup(&r.Run, Cgroup.Kill))
		err = errors.Join(err, awaitEnd(r.supervisor), r.supervisor.Close())
	case r.supervisor == nil && r.Group != "": // the supervisor does not answer, but it may still see the end of init
		err = ignoreGone(s.inGroup(&r.Run, killPayload))
	}
	if r.Group == "" {
		return timedOut(ctx, err)
	}
	return timedOut(ctx, errors.Join(err, ignoreGone(s.inGroup(&r.Run, func(g Cgroup) error { return g.End(ctx) }))))
}

// hasGroup reports whether the control group of an inherited run can be found now, or is not needed any more.
func (s *Service) hasGroup(r *run) bool {
	return r.supervisor != nil && (isOver(r.supervisor.Done()) || s.locate(r, r.supervisor.PID()))
}

func isOver(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// killPayload kills a container. It gives the supervisor supervisorLimit to write down how init ended.
func killPayload(g Cgroup) error {
	ctx, cancel := limited(detached(), supervisorLimit)
	defer cancel()
	if err := g.Kill(); err != nil {
		return err
	}
	_ = g.AwaitEnd(ctx) // the caller kills the processes that are left
	return nil
}

// awaitEnd waits for a supervisor to end by itself. It kills a supervisor that hangs or is stopped by SIGSTOP.
// It returns errNotAnswering if even that does not end it.
func awaitEnd(p interface {
	Done() <-chan struct{}
	Kill() error
},
) error {
	timer := time.NewTimer(supervisorLimit)
	defer timer.Stop()
	select {
	case <-p.Done():
		return nil
	case <-timer.C:
	}
	err := p.Kill()
	timer.Reset(supervisorLimit)
	select {
	case <-p.Done():
		return err
	case <-timer.C:
		return errors.Join(err, errNotAnswering)
	}
}

// ignoreGone drops an error that says that the control group is gone: nothing is left to do then.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return err
}
