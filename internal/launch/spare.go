package launch

import (
	"strings"
	"sync"

	"github.com/berthd/berth/internal/wire"
)

// spareName returns the second argument of a supervisor that has no container yet, with room for a name.
func spareName() string {
	const name = "(spare)"
	return name + strings.Repeat(" ", wire.NameRoom-len(name))
}

// spare has a supervisor that waits for the next container: a start then need not wait until a program has begun. There is
// none before the first start. A burst of starts takes it only once; the others begin one each.
type spare struct {
	mu     sync.Mutex
	proc   *Process
	making bool
	closed bool
}

// take returns the spare supervisor, or nil if there is none.
func (s *spare) take() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	proc := s.proc
	s.proc = nil
	return proc
}

// vacant reports whether a spare is to be made, which the caller then does. It has to call put.
func (s *spare) vacant() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil || s.making || s.closed {
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
	if s.closed {
		return false
	}
	s.proc = proc
	return true
}

// replace makes a new spare once the start of a container, which may have taken the old one, is over. Without one the
// next start begins a supervisor, and says why if it cannot.
func (s *Supervisors) replace(started *Process) {
	select {
	case <-started.running:
	case <-started.Done():
	}
	if !s.spare.vacant() {
		return
	}
	proc, err := s.fork()
	if err != nil {
		proc = nil
	}
	if !s.spare.put(proc) && proc != nil {
		_ = proc.Close()
	}
}

// Close ends the spare supervisor. The supervisors of containers go on.
func (s *Supervisors) Close() {
	s.spare.mu.Lock()
	proc := s.spare.proc
	s.spare.proc, s.spare.closed = nil, true
	s.spare.mu.Unlock()
	if proc == nil {
		return
	}
	_ = proc.Close()
	<-proc.Done()
}
