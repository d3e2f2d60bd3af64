package service

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/berthd/berth/internal/plan"
)

type supervisorsFake struct{ *world }

func (w supervisorsFake) Namespace(plan.Join) (*os.File, error) {
	if err := w.call("supervisors.Namespace"); err != nil {
		return nil, err
	}
	return w.namespace()
}

// namespace opens something in a namespace's place.
func (w *world) namespace() (*os.File, error) {
	f, err := os.Open(os.DevNull)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.namespaces = append(w.namespaces, f)
	return f, err
}

func (w supervisorsFake) Spawn(_ context.Context, _, runDir string, p *plan.Plan, shared []*os.File) (Supervisor, error) {
	for i, f := range shared {
		if _, err := f.Stat(); err != nil || len(shared) != len(p.Join) {
			return nil, fmt.Errorf("namespace %d of %d for %+v: %w", i, len(shared), p.Join, err)
		}
	}
	if err := w.call("supervisors.Spawn"); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nextPID += 2
	s := &supervisorFake{w: w.world, pid: w.nextPID, done: make(chan struct{}), failure: w.failure}
	w.supervisors[runDir] = s
	return s, nil
}

func (w supervisorsFake) Attach(ctx context.Context, runDir string) (Supervisor, bool, error) {
	w.mu.Lock()
	s := w.supervisors[runDir]
	w.mu.Unlock()
	if s != nil && s.deaf.Load() {
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-s.done: // it closes the connection
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == "supervisors.Attach" {
		w.fault = "" // once
		return nil, false, errFault
	}
	if s == nil || s.over() {
		return nil, false, nil
	}
	s.running = true
	return s, true, nil
}

func (w supervisorsFake) Exit(runDir string) (End, bool, error) {
	e, ok := w.exits[runDir]
	return e, ok, nil
}

func (w supervisorsFake) Console(runDir string, n int) ([]byte, error) {
	return fmt.Appendf(nil, "%s/%d", runDir, n), nil
}

type supervisorFake struct {
	w       *world
	pid     uint32
	running bool
	deaf    atomic.Bool // it is stopped
	frozen  atomic.Bool // its payload is
	listens bool
	asked   bool
	once    sync.Once
	done    chan struct{}
	end     End
	failure error
}

func (s *supervisorFake) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *supervisorFake) Failure() error { return s.failure }

func (s *supervisorFake) finish(e End) { s.once.Do(func() { s.end = e; close(s.done) }) }

func (s *supervisorFake) PID() uint32           { return s.pid }
func (s *supervisorFake) Leader() uint32        { return s.pid + 1 }
func (s *supervisorFake) Done() <-chan struct{} { return s.done }
func (s *supervisorFake) End() End              { return s.end }
func (s *supervisorFake) Namespace(string) (*os.File, error) {
	if s.over() {
		return nil, os.ErrProcessDone
	}
	return s.w.namespace()
}
func (s *supervisorFake) Kill() error                           { s.finish(End{}); return nil }
func (s *supervisorFake) Place(context.Context, *os.File) error { return s.w.call("supervisor.Place") }

func (s *supervisorFake) Continue(context.Context) error {
	s.w.mu.Lock()
	s.running = true
	s.w.mu.Unlock()
	return s.w.call("supervisor.Continue")
}

func (s *supervisorFake) Terminate() error {
	s.asked = true
	if !s.listens {
		s.finish(End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}})
	}
	return nil
}

// Close ends a supervisor whose start is not over, as the real one does by itself.
func (s *supervisorFake) Close() error {
	s.w.mu.Lock()
	over := !s.running || s.w.fault == "supervisor.Continue"
	s.w.mu.Unlock()
	if over {
		s.finish(End{})
	}
	return nil
}
