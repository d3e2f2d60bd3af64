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

type supervisorsFake struct{ *daemon }

func (d supervisorsFake) Namespace(plan.Join) (*os.File, error) {
	if err := d.call("supervisors.Namespace"); err != nil {
		return nil, err
	}
	return d.namespace()
}

// namespace opens something in a namespace's place.
func (w *world) namespace() (*os.File, error) {
	f, err := os.Open(os.DevNull)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.namespaces = append(w.namespaces, f)
	return f, err
}

func (d supervisorsFake) Wire() int { return 7 }

func (d supervisorsFake) Begin(runDir string) (Starting, error) {
	if err := d.call("supervisors.Begin"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nextPID += 2
	s := &supervisorFake{d: d.daemon, pid: d.nextPID, exited: make(chan struct{}), done: make(chan struct{}), order: make(chan struct{}), noticed: make(chan struct{}, 1), failure: d.failure}
	d.supervisors[runDir] = s
	return s, nil
}

func (s *supervisorFake) Prepare(_ context.Context, name, slice string, p *plan.Plan, shared, passed []*os.File) error {
	if _, want := (scopesFake{s.d}).Names("", ""); slice != want {
		return fmt.Errorf("the slice is %q, not %q", slice, want)
	}
	for i, f := range shared {
		if _, err := f.Stat(); err != nil || len(shared) != len(p.Join) {
			return fmt.Errorf("namespace %d of %d for %+v: %w", i, len(shared), p.Join, err)
		}
	}
	if err := s.d.call("supervisor.Prepare"); err != nil {
		return err
	}
	if len(passed) != p.Passed {
		return fmt.Errorf("%d descriptors for init, %d in the plan", len(passed), p.Passed)
	}
	s.letGo()
	for _, d := range p.Devices {
		if d.Major == 7 || d.Major == 10 {
			s.put("node "+d.Path, fmt.Sprintf("%d:%d", d.Major, d.Minor))
		}
	}
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	s.name, s.d.nodes, s.label = name, nil, p.Label
	for _, d := range p.Devices {
		s.d.nodes = append(s.d.nodes, fmt.Sprintf("%s %d:%d", d.Path, d.Major, d.Minor))
	}
	return nil
}

// CheckPassed refuses a directory.
func (supervisorsFake) CheckPassed(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errFault
	}
	return err
}

func (d supervisorsFake) Attach(ctx context.Context, runDir string) (Supervisor, Presence, error) {
	if d.dead.Load() {
		return nil, Unknown, errFault
	}
	d.mu.Lock()
	s := d.supervisors[runDir]
	d.mu.Unlock()
	if s != nil && s.hanging.Load() {
		select {
		case <-ctx.Done():
			return nil, Unknown, ctx.Err()
		case <-s.done: // it closes the connection
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.fault == "supervisors.Attach":
		d.fault = "" // once
		return nil, Unknown, errFault
	case s == nil || s.over():
		return nil, Gone, nil
	}
	s.running, s.d = true, d.daemon
	return s, Alive, nil
}

func (d supervisorsFake) Find(runDir string) (Found, bool, error) {
	err := d.call("supervisors.Find")
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.supervisors[runDir]
	if s == nil || s.over() {
		return Found{}, false, err
	}
	return Found{PID: s.pid, Name: s.name}, true, err
}

func (d supervisorsFake) Exit(runDir string) (End, bool, error) {
	e, ok := d.exits[runDir]
	return e, ok, nil
}

func (d supervisorsFake) Console(runDir string, n int) ([]byte, error) {
	return fmt.Appendf(nil, "%s/%d", runDir, n), nil
}

type supervisorFake struct {
	d        *daemon // that started it, or attached to it last
	name     string
	label    plan.Label
	pid      uint32
	running  bool
	hanging  atomic.Bool // it is stopped
	frozen   atomic.Bool // its payload is
	listens  bool
	asked    bool
	requests []Request
	order    chan struct{} // of systemd, to end
	once     sync.Once
	exited   chan struct{}
	done     chan struct{}
	end      End
	failure  error
	held     []*os.File
	inside   map[string]string // what it holds by name, and nodes of devices that were attached

	executions []*executionFake
	signals    []syscall.Signal // to init
	kept       []Kept
	notice     Notice
	noticed    chan struct{}
}

func (s *supervisorFake) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *supervisorFake) finish(e End) {
	s.once.Do(func() {
		s.end = e
		if e.Known {
			close(s.exited)
		}
		close(s.done)
	})
}

func (s *supervisorFake) PID() uint32              { return s.pid }
func (s *supervisorFake) Leader() uint32           { return s.pid + 1 }
func (s *supervisorFake) Asked() <-chan struct{}   { return s.order }
func (s *supervisorFake) Exited() <-chan struct{}  { return s.exited }
func (s *supervisorFake) Done() <-chan struct{}    { return s.done }
func (s *supervisorFake) End() End                 { return s.end }
func (s *supervisorFake) Noticed() <-chan struct{} { return s.noticed }
func (s *supervisorFake) Notice() Notice           { return s.notice }
func (s *supervisorFake) TakeKept() []Kept         { return s.kept }
func (s *supervisorFake) Failure() error           { return s.failure }
func (s *supervisorFake) Close() error             { return nil }
func (s *supervisorFake) Kill() error              { s.finish(End{}); return nil }

func (s *supervisorFake) Namespace(string) (*os.File, error) {
	if err := s.answers(context.Background()); err != nil {
		return nil, err
	}
	return s.d.namespace()
}

func (s *supervisorFake) OpenConsole(ctx context.Context, n int, _ ConsoleOptions) (*os.File, error) {
	if err := s.answers(ctx); err != nil {
		return nil, err
	}
	if n == 1 {
		return nil, ErrConsoleBusy
	}
	return s.d.namespace()
}

func (s *supervisorFake) ResizeConsole(ctx context.Context, _ int, _ Window) error {
	return s.answers(ctx)
}

func (s *supervisorFake) Place(context.Context, *os.File) error { return s.d.call("supervisor.Place") }

func (s *supervisorFake) Continue(context.Context) (Supervisor, error) {
	if err := s.d.call("supervisor.Continue"); err != nil {
		return nil, err
	}
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	s.running = true
	return s, nil
}

// HangUp ends a supervisor whose start is not over, as the real one does by itself.
func (s *supervisorFake) HangUp() {
	s.letGo()
	_ = s.d.call("supervisor.HangUp")
	s.finish(End{})
}

// stopBySystemd is a stop that systemd orders: the supervisor asks init, and says so.
func (s *supervisorFake) stopBySystemd() {
	close(s.order)
	_ = s.Terminate()
}

// Ask is heard by an init that listens.
func (s *supervisorFake) Ask(ctx context.Context, r Request) error {
	if err := s.d.call("supervisor.Ask"); err != nil {
		return err
	}
	s.requests = append(s.requests, r)
	if !s.listens {
		return fmt.Errorf("%w: deaf", ErrNotAsked)
	}
	return ctx.Err()
}

func (s *supervisorFake) Terminate() error {
	s.asked = true
	if !s.listens {
		s.finish(End{Known: true, Asked: isOver(s.order), Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}})
	}
	return nil
}
