package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// ErrNoProcess says that a command has never been, or that its end has been read.
var ErrNoProcess = errors.New("no such process")

const (
	execTimeout = 15 * time.Second // the supervisor gives up earlier, and says why
	// processKept is how long the end of a command can be read.
	processKept = time.Minute
)

// ProcessKey is the identity of a command in a container.
type ProcessKey struct {
	Container domain.UUID
	Run       uint32 // the pid of the run's supervisor
	ID        uint32 // in the run
}

// Process is an immutable view of a command at one moment.
type Process struct {
	ProcessKey
	PID     uint32 // on the host
	Command string // Argv[0]
	Over    bool
	Exit    Exit // how it ended; its Kind is empty if nobody knows
}

// process is one entry of the registry of commands.
type process struct {
	execution Execution
	snap      Process // as it began
	over      chan struct{}
	told      chan struct{} // the observer knows that it is over
}

// now returns the process's view.
func (p *process) now() Process {
	snap := p.snap
	select {
	case <-p.over:
		snap.Over, snap.Exit = true, p.execution.Exit()
	default:
	}
	return snap
}

// processes is the registry of commands.
type processes struct {
	mu    sync.Mutex
	byKey map[ProcessKey]*process
}

// Exec executes a command in a running container, and returns when it is executed. stdio are its standard input,
// output and error, and stay the caller's. Without them it has a terminal or pipes. Their other ends come back: the
// terminal's master, or those of input, output and error. It returns a StateError if the container does not run, a
// PassedError if a descriptor cannot be passed, and a CommandError if the command was not executed. With Soon the
// command may be over.
//
// It does not lock the container: a stop does not wait for commands that begin.
func (s *Service) Exec(ctx context.Context, u domain.UUID, command Command, stdio []*os.File) (Process, []*os.File, error) {
	if err := s.mayExec(ctx, u, command, stdio); err != nil {
		return Process{}, nil, err
	}
	c, sup, err := s.executor(ctx, u, opExec)
	if err != nil {
		return Process{}, nil, err
	}
	for i, f := range stdio {
		if err := s.Supervisors.CheckPassed(f); err != nil {
			return Process{}, nil, &PassedError{Place: i, Name: []string{"stdin", "stdout", "stderr"}[i], Err: err}
		}
	}
	ctx, cancel := limited(ctx, execTimeout)
	defer cancel()
	x, err := sup.Exec(ctx, command, stdio)
	s.auditExec(ctx, c, sup, command, x, err)
	if err != nil {
		return Process{}, nil, timedOut(ctx, c.ended(opExec, err))
	}
	if command.Soon {
		select {
		case <-x.Over():
			snap := begun(u, sup, x)
			snap.Over, snap.Exit = true, x.Exit()
			if err := x.Forget(); err != nil {
				s.Log.Error("forget a command", s.WhoHas(u), "err", err)
			}
			return snap, x.Ends(), nil
		default:
		}
	}
	return s.enterProcess(u, sup, x).now(), x.Ends(), nil
}

// begun returns the view of a command that has begun.
func begun(u domain.UUID, sup Supervisor, x Execution) Process {
	return Process{ProcessKey: ProcessKey{u, sup.PID(), x.ID()}, PID: x.PID(), Command: x.Name()}
}

// SignalInside sends a signal to a process of a running container, by its pid in the container. It returns ErrNoProcess
// if there is none.
func (s *Service) SignalInside(ctx context.Context, u domain.UUID, pid uint32, sig syscall.Signal) error {
	c, sup, err := s.executor(ctx, u, opSignal)
	if err != nil {
		return err
	}
	if pid == 1 { // also if the container has no /proc
		return sup.Signal(sig)
	}
	ctx, cancel := limited(ctx, execTimeout)
	defer cancel()
	return timedOut(ctx, c.ended(opSignal, sup.SignalInside(ctx, pid, sig)))
}

// executor returns the supervisor of a container that allows the operation. It returns ErrOldSupervisor if
// that is too old for commands.
func (s *Service) executor(ctx context.Context, u domain.UUID, op operation) (*container, Supervisor, error) {
	c, sup, err := s.answering(ctx, u, op)
	if err == nil && c.protocol() < EntryWire {
		return nil, nil, ErrOldSupervisor
	}
	return c, sup, err
}

// answering returns a container that allows the operation, and its supervisor: those that the caller was permitted to
// work with.
func (s *Service) answering(ctx context.Context, u domain.UUID, op operation) (c *container, sup Supervisor, err error) {
	err = s.chosen(ctx, func() (*container, error) { return s.find(u) }, func(found *container) (err error) {
		c = found
		sup, err = c.answers(op)
		return err
	})
	return c, sup, err
}

// answers returns the supervisor of a container that allows the operation. The caller holds mu.
func (c *container) answers(op operation) (Supervisor, error) {
	if _, err := allow(op, &c.snap); err != nil {
		return nil, err
	}
	switch {
	case c.notAnswering:
		return nil, errNotAnswering
	case c.shareable == nil:
		return nil, &StateError{Op: string(op), Name: c.snap.Name, State: StateStopping}
	}
	return c.shareable, nil
}

// protocol returns the version of the protocol that the container's supervisor speaks.
func (c *container) protocol() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wire
}

// enterProcess enters a command into the registry, and watches it.
func (s *Service) enterProcess(u domain.UUID, sup Supervisor, x Execution) *process {
	p := &process{
		execution: x, over: make(chan struct{}), told: make(chan struct{}), snap: begun(u, sup, x),
	}
	s.processes.mu.Lock()
	if s.processes.byKey == nil {
		s.processes.byKey = map[ProcessKey]*process{}
	}
	s.processes.byKey[p.snap.ProcessKey] = p
	s.processes.mu.Unlock()
	began := p.snap
	s.Observer.ProcessChanged(nil, &began)
	s.work.Go(func() { s.watchProcess(p) })
	return p
}

// watchProcess tells of the end of a command, and forgets it some time later.
func (s *Service) watchProcess(p *process) {
	<-p.execution.Over()
	before := p.now()
	close(p.over)
	after := p.now()
	if s.processes.has(p) {
		s.Observer.ProcessChanged(&before, &after)
	}
	close(p.told)
	time.AfterFunc(processKept, func() { s.forgetProcess(p) })
}

func (r *processes) has(p *process) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKey[p.snap.ProcessKey] == p
}

// forgetProcess removes a command that has ended from the registry. It does nothing if it is not there.
func (s *Service) forgetProcess(p *process) {
	s.processes.mu.Lock()
	there := s.processes.byKey[p.snap.ProcessKey] == p
	if there {
		delete(s.processes.byKey, p.snap.ProcessKey)
	}
	s.processes.mu.Unlock()
	if !there {
		return
	}
	if err := p.execution.Forget(); err != nil {
		s.Log.Error("forget a command", s.WhoHas(p.snap.Container), "err", err)
	}
	last := p.now()
	s.Observer.ProcessChanged(&last, nil)
}

// resumeProcesses enters the commands that an earlier daemon has begun.
func (s *Service) resumeProcesses(r *run) {
	for _, x := range r.supervisor.Executions() {
		s.enterProcess(r.UUID, r.supervisor, x)
	}
}

func (s *Service) process(key ProcessKey) (*process, error) {
	s.processes.mu.Lock()
	defer s.processes.mu.Unlock()
	if p := s.processes.byKey[key]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%w: number %d", ErrNoProcess, key.ID)
}

// Processes returns all commands that run, or whose end has not been read.
func (s *Service) Processes() []Process {
	s.processes.mu.Lock()
	defer s.processes.mu.Unlock()
	list := make([]Process, 0, len(s.processes.byKey))
	for _, p := range s.processes.byKey {
		list = append(list, p.now())
	}
	return list
}

// Process returns a command. It returns ErrNoProcess if there is none.
func (s *Service) Process(key ProcessKey) (Process, error) {
	p, err := s.process(key)
	if err != nil {
		return Process{}, err
	}
	return p.now(), nil
}

// WaitProcess returns when a command has ended. Then its end has been read, and the command is forgotten.
func (s *Service) WaitProcess(ctx context.Context, key ProcessKey) (Process, error) {
	p, err := s.process(key)
	if err != nil {
		return Process{}, err
	}
	select {
	case <-p.told: // so everybody hears of the end before the command is forgotten
	case <-ctx.Done():
		return Process{}, context.Cause(ctx)
	}
	s.forgetProcess(p)
	return p.now(), nil
}

// SignalProcess sends a signal to a command. It does nothing if the command has ended.
func (s *Service) SignalProcess(key ProcessKey, sig syscall.Signal) error {
	p, err := s.process(key)
	if err != nil {
		return err
	}
	return p.execution.Signal(sig)
}

// ResizeProcess sets the size of a command's terminal.
func (s *Service) ResizeProcess(key ProcessKey, rows, columns uint32) error {
	p, err := s.process(key)
	if err != nil {
		return err
	}
	return p.execution.Resize(rows, columns)
}
