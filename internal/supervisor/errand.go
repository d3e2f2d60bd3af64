package supervisor

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

const (
	maxErrands = 64 // that are not over

	// lookLimit is how long a file system of the container may take for a look-up before the caller is told.
	lookLimit = 2 * time.Second
	// endLimit is how long a killed process may take to end before the caller is told.
	endLimit = 500 * time.Millisecond
)

// errand is what another goroutine does in the container for a caller. A file system that the container serves itself
// can hold it up for ever: no signal ends a process or a thread that waits for an answer, once the server has read the
// request (FUSE). So the caller is told in time, and the errand keeps its slot until it is really over.
type errand struct {
	s    *supervisor
	held bool // the caller was told that it does not end; the goroutine of run owns it
}

// errands counts those of one container. The goroutine of run owns it.
type errands struct {
	busy int // all that are not over
	held int // those of them that do not end, as their callers know
}

// slot returns an error if there is no place for another errand.
func (n *errands) slot(stage string) error {
	switch {
	case n.busy < maxErrands:
		return nil
	case n.held > 0:
		return &wire.Failed{Stage: stage, Number: unix.EAGAIN, Text: fmt.Sprintf("%d others are held up by a file system of the container "+
			"that does not answer, until it answers or its server ends; %d more have not begun yet", n.held, n.busy-n.held)}
	}
	return &wire.Failed{Stage: stage, Number: unix.EAGAIN, Text: fmt.Sprintf("%d others have not begun yet", n.busy)}
}

// errand has another goroutine do the work. What the work returns is done by the goroutine of run, if it is not nil.
func (s *supervisor) errand(work func(*errand) func()) {
	s.errands.busy++
	x := &errand{s: s}
	go func() {
		rest := work(x)
		s.events <- event{do: func() {
			s.errands.busy--
			if x.held {
				s.errands.held--
			}
			if rest != nil {
				rest()
			}
		}}
	}()
}

// within does a part of the work. If that takes longer than limit, the goroutine of run does late meanwhile, which
// tells the caller. It returns false then, once the part is over.
func (x *errand) within(limit time.Duration, late, part func()) bool {
	told := make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		x.s.events <- event{do: func() {
			x.held = true
			x.s.errands.held++
			late()
		}}
		close(told)
	})
	part()
	if timer.Stop() {
		return true
	}
	<-told
	return false
}

// noAnswer is what a caller is told whose look-up takes too long.
func noAnswer(stage string) error {
	return &wire.Failed{Stage: stage, Text: fmt.Sprintf("%v, not within %v", errStuck, lookLimit), Number: unix.ETIMEDOUT}
}
