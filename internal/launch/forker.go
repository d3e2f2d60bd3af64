package launch

import (
	"runtime"

	"github.com/berthd/berth/internal/linux/inherit"
)

// forker creates processes from one thread of its own. A process has the scheduling, the processors, the timer
// slack and such of the thread that forks it, so the daemon can keep what its unit says, and the supervisors
// begin without.
type forker struct{ jobs chan func() }

// newForker starts the thread, which lives as long as the process. It returns it also with an error, which says
// what the thread could not be given.
func newForker(fresh inherit.Thread) (*forker, error) {
	f := &forker{jobs: make(chan func())}
	reset := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		reset <- fresh.Reset()
		for job := range f.jobs {
			job()
		}
	}()
	return f, <-reset
}

// do calls f on the thread and waits for its end.
func (k *forker) do(f func()) {
	done := make(chan struct{})
	k.jobs <- func() {
		defer close(done)
		f()
	}
	<-done
}

// Apart keeps the daemon's scheduling and such away from supervisors, and so from containers: those begin with
// the values of fresh, and write settings before they clone. It must be called before the first Begin. An error
// says what supervisors inherit from the daemon all the same.
func (s *Supervisors) Apart(fresh inherit.Thread, settings []inherit.Setting) (err error) {
	s.settings = settings
	s.forker, err = newForker(fresh)
	return err
}
