package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// part is one thing that a run holds while it lives.
type part interface {
	// acquire takes the part. If it fails, nothing of the part is left.
	acquire(ctx context.Context, st *start) error
	// release gives the part back. It works from the note alone, so that a later daemon can do it as well.
	// It ignores a thing that is gone, and leaves alone a thing that is not proven to be this run's; neither
	// is an error. No process of the run lives when it is called.
	release(ctx context.Context, r *Run) error
}

// step is a part with its place in the order of a start.
type step struct {
	name     string // in StartError, in the journal, and as a point of the crash tests
	part     part
	together bool // release it at the same time as the step before
}

// start is a run that begins, with the values that only its start needs. They are not saved.
type start struct {
	*run
	name    string // of the container
	def     *domain.Def
	text    string // of the definition, for the note
	plan    *plan.Plan
	root    string     // host directory of the root
	dir     string     // of the run
	shared  []*os.File // namespaces that init enters at its creation
	passed  []*os.File // descriptors for init
	trail   *trail     // in the audit log
	devices []planner.HostDevice
	asked   *asked   // systemd, for the scope; nil if it was not asked yet, or its answer was taken
	net     plan.Net // the interfaces
	links   []int32  // the indices of the host links by which they are reached
	stuck   bool     // the start failed, and its processes do not end
}

// steps lists the parts of a run in the order of a start. A start walks it down. A failed start, a stop, and
// the recovery of a run that has ended walk it up.
func (s *Service) steps(_ *Run) []step {
	return []step{
		{name: "run directory", part: directory{s}},
		{name: "label", part: label{s}},
		{name: "supervisor", part: supervisor{s}},
		{name: "state", part: note{s}}, // one note covers all parts that follow: prepare chose their names
		{name: "relabel", part: relabelled{s}, together: true},
		{name: "devices", part: devices{s}, together: true},
		{name: "unit", part: unit{s}, together: true}, // systemd makes it while the next parts are acquired
		{name: "container", part: prepared{}, together: true},
		{name: "scope", part: scope{s}, together: true},
		{name: "links", part: links{s}, together: true},
		{name: "ports", part: forwards{s}, together: true},
		{name: "machine", part: machine{s}, together: true},
		{name: "job", part: job{}},
		{name: "audit", part: audited{s}},
		{name: "init", part: initProcess{}},
		{name: "start record", part: startRecord{s}}, // before the note, so that a later daemon knows whether it was made
		{name: "running", part: runningNote{s}},
	}
}

// acquireAll takes all parts. It returns a StartError if a step failed. It holds no part then, unless the start
// is stuck.
func (s *Service) acquireAll(ctx context.Context, st *start) error {
	steps := s.steps(&st.Run)
	for i, step := range steps {
		begin := s.Now()
		err := s.reach("start", step.name)
		if err == nil {
			err = step.part.acquire(ctx, st)
		}
		if step.name == "relabel" && st.Relabelled { // it has no time limit; the others have theirs
			var cancel context.CancelFunc
			ctx, cancel = renewed(ctx, startTimeout)
			defer cancel()
		}
		if err != nil {
			return s.abandon(st, steps[:i], step.name, err)
		}
		s.Log.Debug("acquired", st.who(), "op", step.name, "took", s.Now().Sub(begin))
	}
	if err := s.reach("start", "done"); err != nil {
		return s.abandon(st, steps, "done", err)
	}
	return nil
}

// abandon ends the processes of a start, releases the parts that it has taken, and returns its error. The start
// is stuck, and nothing is released, if a process does not end.
func (s *Service) abandon(st *start, held []step, name string, err error) error {
	ended := s.endProcesses(st.run)
	held, unmade := unit{s}.withdraw(st, held, ended)
	name, err = causeOf(st, name, err)
	if ended != nil {
		st.stuck = true
		return &StartError{Step: name, Err: errors.Join(err, ended)}
	}
	st.finish(ReasonFailed, End{}, s.Now())
	return &StartError{Step: name, Err: errors.Join(err, unmade, s.releaseAll(&st.Run, held))}
}

// causeOf replaces a step's error by the error that the supervisor sent, if it sent one. The step itself
// knows only that the supervisor is gone.
func causeOf(st *start, step string, err error) (string, error) {
	if st.starting != nil {
		if failure := st.starting.Failure(); failure != nil {
			return "container", adviseMemory(st.def, failure)
		}
	}
	return step, err
}

// enoughMemory is a limit in KiB at which no start is short of memory: the supervisor and the init stage need some
// hundred KiB together.
const enoughMemory = 8 << 10

// adviseMemory adds the memory limit to the error about a supervisor that was killed, if it is likely to be why: the
// kernel says nothing to the one that it kills.
func adviseMemory(def *domain.Def, err error) error {
	if limit := planner.MemoryLimit(def.Memory); errors.Is(err, ErrKilled) && limit < enoughMemory {
		return fmt.Errorf("%w; the memory limit of %d KiB is probably too low to start", err, limit)
	}
	return err
}

// releaseAll releases parts, the last one first. It goes on after a failure. Each release has a time limit
// of its own.
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

// releaseTogether releases parts at the same time.
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
	s.Log.Debug("released", r.who(), "op", step.name, "took", s.Now().Sub(begin), "err", err)
	return err
}

// reach tells a test that the service is at a point between two parts. "start scope" is the point before
// the scope is acquired, "stop scope" the point before it is released. The caller treats an error as the
// part's.
func (s *Service) reach(way, name string) error {
	if s.Reached == nil {
		return nil
	}
	return s.Reached(way + " " + name)
}
