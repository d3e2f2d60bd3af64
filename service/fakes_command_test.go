package service

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/berthd/berth/internal/domain"
)

// executionFake is a command that ends when it is told to.
type executionFake struct {
	id        uint32
	command   Command
	over      chan struct{}
	once      sync.Once
	exit      Exit
	signals   chan syscall.Signal
	size      chan [2]uint32
	forgotten chan struct{}
	forget    sync.Once
}

func newExecutionFake(id uint32, c Command) *executionFake {
	return &executionFake{
		id: id, command: c, over: make(chan struct{}), signals: make(chan syscall.Signal, 9), size: make(chan [2]uint32, 9), forgotten: make(chan struct{}),
	}
}

func (x *executionFake) ID() uint32                      { return x.id }
func (x *executionFake) PID() uint32                     { return 5000 + x.id }
func (x *executionFake) Name() string                    { return x.command.Argv[0] }
func (x *executionFake) Ends() []*os.File                { return nil }
func (x *executionFake) Over() <-chan struct{}           { return x.over }
func (x *executionFake) Exit() Exit                      { return x.exit }
func (x *executionFake) Signal(sig syscall.Signal) error { x.signals <- sig; return nil }
func (x *executionFake) Resize(rows, columns uint32) error {
	x.size <- [2]uint32{rows, columns}
	return nil
}

func (x *executionFake) Forget() error {
	x.forget.Do(func() { close(x.forgotten) }) // the timer of a daemon that has died runs on
	return nil
}

// answers waits for the answer to a request. One that hangs gives it when it ends.
func (s *supervisorFake) answers(ctx context.Context) error {
	if s.hanging.Load() {
		select {
		case <-s.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if s.over() {
		return os.ErrProcessDone
	}
	return nil
}

func (s *supervisorFake) Exec(ctx context.Context, c Command, _ []*os.File) (Execution, error) {
	if err := errors.Join(s.d.call("supervisor.Exec"), s.answers(ctx)); err != nil {
		return nil, err
	}
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	x := newExecutionFake(uint32(len(s.executions)+1), c)
	s.executions = append(s.executions, x)
	if c.Argv[0] == "true" {
		x.finish(Exit{Kind: ExitExited, Code: 4})
	}
	return x, nil
}

func (s *supervisorFake) SignalInside(ctx context.Context, _ uint32, sig syscall.Signal) error {
	return errors.Join(s.answers(ctx), s.Signal(sig))
}

func (s *supervisorFake) LeaderPIDFD() (*os.File, error) { return s.Namespace("pid") }

func (s *supervisorFake) Executions() []Execution {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	list := make([]Execution, len(s.executions))
	for i, x := range s.executions {
		list[i] = x
	}
	return list
}

func (s *supervisorFake) Signal(sig syscall.Signal) error {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	s.signals = append(s.signals, sig)
	return nil
}

func (x *executionFake) finish(e Exit) { x.once.Do(func() { x.exit = e; close(x.over) }) }

// MetadataChanged writes down "metadata title".
func (d *daemon) MetadataChanged(_ domain.UUID, kind domain.MetadataKind, _ string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, "metadata "+string(kind))
}

// DeviceChanged writes down "device +disk0" and "device -disk0".
func (d *daemon) DeviceChanged(_ domain.UUID, alias string, added bool) {
	sign := "-"
	if added {
		sign = "+"
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, "device "+sign+alias)
}

// ProcessChanged writes down "command +", "command ended" and "command -".
func (d *daemon) ProcessChanged(before, after *Process) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case before == nil:
		d.commands = append(d.commands, after.Command+" +")
	case after == nil:
		d.commands = append(d.commands, before.Command+" -")
	default:
		d.commands = append(d.commands, after.Command+" ended")
	}
}

func (w *world) takeCommands() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.commands
	w.commands = nil
	return list
}
