package service

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// endProcesses ends every process of a run, in the order in which nobody is blamed for the end of another:
// init before its supervisor, which notes how init ended, and last what came into the scope from outside.
// It is the one place where processes end, and returns when they have. The caller has the container locked.
func (s *Service) endProcesses(r *run) error {
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	var err error
	switch {
	case r.Group == "" && r.inherited && !s.hasGroup(r):
		// Without its supervisor the container would live on, and nobody would know of it.
		return s.inGroup(&r.Run, Cgroup.Kill)
	case r.starting != nil: // it ends init, and then itself
		r.starting.HangUp()
		err = awaitEnd(r.starting)
	case r.supervisor != nil && !isOver(r.supervisor.Done()):
		err = ignoreGone(s.inGroup(&r.Run, Cgroup.Kill))
		err = errors.Join(err, awaitEnd(r.supervisor), r.supervisor.Close())
	case r.supervisor == nil && r.Group != "": // its supervisor cannot be asked, but may see init's end all the same
		err = ignoreGone(s.inGroup(&r.Run, killPayload))
	}
	if r.Group == "" {
		return timedOut(ctx, err)
	}
	return timedOut(ctx, errors.Join(err, ignoreGone(s.inGroup(&r.Run, func(g Cgroup) error { return g.End(ctx) }))))
}

// hasGroup reports whether the control group of an inherited run is known now, or is needed no more.
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

// killPayload kills a container, and gives its supervisor time to write down how init ended.
func killPayload(g Cgroup) error {
	ctx, cancel := limited(detached(), supervisorLimit)
	defer cancel()
	if err := g.Kill(); err != nil {
		return err
	}
	_ = g.AwaitEnd(ctx) // what is left then is killed
	return nil
}

// awaitEnd waits for a supervisor to end by itself. One that hangs, or is stopped by SIGSTOP, is killed.
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

// ignoreGone takes the absence of a control group for what it is: nothing is left to do.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return err
}
