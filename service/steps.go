package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// part is one thing that a run holds while it lives.
type part interface {
	// acquire takes it. On failure nothing of it is left.
	acquire(ctx context.Context, st *start) error
	// release gives it back. It has the note and nothing else, so that a later daemon can do it as well.
	// What is gone, or not proven to be this run's, is left alone and is no error. No process of the run lives.
	release(ctx context.Context, r *Run) error
}

// step is a part with its place in the order of a start.
type step struct {
	name     string // in StartError, in the journal, and as a point of the crash tests
	part     part
	together bool // it is released at the same time as the step before
}

// start is a run that begins, with what only a start needs. That is never noted.
type start struct {
	*run
	name   string // of the container
	def    *domain.Def
	text   string // of the definition, for the note
	plan   *plan.Plan
	root   string     // host directory of the root
	dir    string     // of the run
	shared []*os.File // namespaces that init is born in
	stuck  bool       // it failed, and its processes do not end
}

// steps is what a run holds, in the order of a start. A start walks it down. A failed start, a stop, and the
// recovery of a run that has ended walk it up.
func (s *Service) steps(_ *Run) []step {
	return []step{
		{name: "run directory", part: directory{s}},
		{name: "supervisor", part: supervisor{s}},
		{name: "state", part: note{s}}, // one note covers all that follow: their names are decided before
		{name: "scope", part: scope{s}},
		{name: "machine", part: machine{s}, together: true},
		{name: "init", part: initProcess{}},
		{name: "running", part: runningNote{s}},
	}
}

// acquireAll takes all parts, or none: then it says which step failed, and why.
func (s *Service) acquireAll(ctx context.Context, st *start) error {
	steps := s.steps(&st.Run)
	for i, step := range steps {
		begin := s.Now()
		err := s.reach("start", step.name)
		if err == nil {
			err = step.part.acquire(ctx, st)
		}
		if err != nil {
			return s.abandon(st, steps[:i], step.name, err)
		}
		s.Log.Debug("acquired", "domain", st.name, "op", step.name, "took", s.Now().Sub(begin))
	}
	if err := s.reach("start", "done"); err != nil {
		return s.abandon(st, steps, "done", err)
	}
	return nil
}

// abandon gives back what a start has taken, and returns the start's error.
func (s *Service) abandon(st *start, held []step, name string, err error) error {
	ended := s.endProcesses(st.run)
	name, err = causeOf(st, name, err)
	if ended != nil { // nothing is released while a process lives
		st.stuck = true
		return &StartError{Step: name, Err: errors.Join(err, ended)}
	}
	st.finish(ReasonFailed, End{}, s.Now())
	return &StartError{Step: name, Err: errors.Join(err, s.releaseAll(&st.Run, held))}
}

// causeOf prefers the supervisor's own words: a step that fails because the supervisor did knows only that
// the process is gone.
func causeOf(st *start, step string, err error) (string, error) {
	if st.starting != nil {
		if failure := st.starting.Failure(); failure != nil {
			return "container", failure
		}
	}
	return step, err
}

// releaseAll gives parts back, the last one first, whatever fails. Each has a time limit of its own.
func (s *Service) releaseAll(r *Run, held []step) error {
	var errs []error
	for i := len(held) - 1; i >= 0; i-- {
		first := i
		for first > 0 && held[first].together {
			first--
		}
		errs = append(errs, s.releaseTogether(r, held[first:i+1]))
		i = first
	}
	return errors.Join(errs...)
}

// releaseTogether gives back parts that do not wait for each other.
func (s *Service) releaseTogether(r *Run, steps []step) error {
	errs := make([]error, len(steps))
	var all sync.WaitGroup
	for i, step := range steps {
		all.Go(func() {
			if err := s.release(r, step); err != nil {
				errs[i] = fmt.Errorf("release %s: %w", step.name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (s *Service) release(r *Run, step step) error {
	if err := s.reach("stop", step.name); err != nil {
		return err
	}
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	begin := s.Now()
	err := timedOut(ctx, step.part.release(ctx, r))
	s.Log.Debug("released", "uuid", r.UUID.String(), "op", step.name, "took", s.Now().Sub(begin), "err", err)
	return err
}

// reach tells a test that the service is at a point between two parts: "start scope" is before the scope
// is acquired, "stop scope" before it is released. An error is taken for the part's.
func (s *Service) reach(way, name string) error {
	if s.Reached == nil {
		return nil
	}
	return s.Reached(way + " " + name)
}
