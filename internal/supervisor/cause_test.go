package supervisor

import (
	"errors"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/wire"
)

// TestFirstCause: an error of the init stage goes before an error of the supervisor that may only follow from it.
// Without one, the supervisor's is the cause.
func TestFirstCause(t *testing.T) {
	t.Parallel()
	own := errors.New("write cgroup.procs: no such process")
	failed := &staged{err: &wire.Failed{Stage: "mounts", Text: "no such file", Number: syscall.ENOENT}}
	for name, c := range map[string]struct {
		events []*staged
		want   string
	}{
		"told at once":            {[]*staged{failed}, "mounts: no such file"},
		"after something else":    {[]*staged{{opened: true}, failed}, "mounts: no such file"},
		"the child has ended":     {[]*staged{{err: born.ErrOver}}, own.Error()},
		"prepared, and has ended": {[]*staged{{ready: true}, {err: born.ErrOver}}, own.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &supervisor{stage: &stage{over: make(chan struct{})}, events: make(chan event)}
			go func() {
				for _, e := range c.events {
					s.events <- event{stage: e}
				}
			}()
			if got := s.firstCause(own); got.Error() != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	s := &supervisor{events: make(chan event)} // the stage has not begun, or is over
	if got := s.firstCause(own); got.Error() != own.Error() {
		t.Errorf("got %q", got)
	}
}
