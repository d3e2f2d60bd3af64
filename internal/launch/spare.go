package launch

import (
	"strings"
	"sync"
	"time"

	"github.com/berthd/berth/internal/wire"
)

// spareName returns the second argument of a supervisor that has no container yet, with room for a name.
func spareName() string {
	const name = "(spare)"
	return name + strings.Repeat(" ", wire.NameRoom-len(name))
}

const (
	// spares is how many supervisors wait. With one, the second of two starts would wait until the replacement of the
	// first one's has begun. More would be of use to longer bursts, in which the processors have no time for them.
	spares = 2

	// quiet is how long after a start the spare ones are completed, so that they are not in the way of the next start.
	// The last one is replaced at once.
	quiet = 10 * time.Millisecond
)

// spare has supervisors that wait for the next containers: a start then need not wait until a program has begun. There
// are none before the first start. A longer burst of starts takes them only once; the others begin one each.
type spare struct {
	mu     sync.Mutex
	procs  []*Process
	making bool
	closed bool
	timer  *time.Timer // completes them
}

// take returns a spare supervisor, or nil if there is none.
func (s *spare) take() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
	if len(s.procs) == 0 {
		return nil
	}
	proc := s.procs[0]
	s.procs = s.procs[1:]
	return proc
}

// vacant reports whether a spare is to be made, which the caller then does. It has to call put. With fewer than enough
// there are too few.
func (s *spare) vacant(enough int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.procs) >= enough || s.making || s.closed {
		return false
	}
	s.making = true
	return true
}

// put keeps a new spare, nil if none could be made. It reports whether it is kept.
func (s *spare) put(proc *Process) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making = false
	if s.closed || proc == nil {
		return false
	}
	s.procs = append(s.procs, proc)
	return true
}

// later calls complete when it has been quiet.
func (s *spare) later(complete func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
	case s.timer == nil:
		s.timer = time.AfterFunc(quiet, complete)
	default:
		s.timer.Reset(quiet)
	}
}

// replace makes a new spare once the start of a container, which may have taken one, is over. Without one the next
// start begins a supervisor, and says why if it cannot.
func (s *Supervisors) replace(started *Process) {
	select {
	case <-started.running:
	case <-started.Done():
	}
	s.makeSpare(1)
	s.spare.later(func() {
		for s.makeSpare(spares) {
		}
	})
}

// makeSpare makes a spare supervisor if there are too few. It reports whether it has made one.
func (s *Supervisors) makeSpare(enough int) bool {
	if !s.spare.vacant(enough) {
		return false
	}
	proc, err := s.fork()
	if err != nil {
		proc = nil
	}
	if s.spare.put(proc) {
		return true
	}
	if proc != nil {
		_ = proc.Close()
	}
	return false
}

// Close ends the spare supervisors. The supervisors of containers go on.
func (s *Supervisors) Close() {
	s.spare.mu.Lock()
	procs := s.spare.procs
	s.spare.procs, s.spare.closed = nil, true
	if s.spare.timer != nil {
		s.spare.timer.Stop()
	}
	s.spare.mu.Unlock()
	for _, proc := range procs {
		_ = proc.Close()
	}
	for _, proc := range procs {
		<-proc.Done()
	}
}
