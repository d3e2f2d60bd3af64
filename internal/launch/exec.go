package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// executions are the commands of one container that are not forgotten, by id. Process.mu guards them.
type executions map[uint32]*Execution

// Execution is one command in a container.
type Execution struct {
	process *Process
	id, pid uint32
	name    string
	ends    []*os.File
	brief   bool // the supervisor has forgotten it
	over    chan struct{}
	exit    service.Exit // valid once over is closed
}

// Exec executes a command in the container. It returns os.ErrProcessDone if the supervisor has ended.
func (p *Process) Exec(ctx context.Context, c service.Command, stdio []*os.File) (service.Execution, error) {
	x, err := p.request(ctx, func(request uint32) wire.Message {
		return &wire.Exec{
			Request: request, Argv: c.Argv, Env: c.Env, Dir: c.Dir, User: c.User, Group: c.Group,
			Terminal: c.Terminal, Rows: c.Rows, Columns: c.Columns, NoLabel: c.NoLabel,
			Soon: c.Soon,
		}
	}, stdio...)
	if err != nil {
		return nil, err
	}
	return x, nil
}

// SignalInside sends a signal to a process by its pid in the container. It returns os.ErrProcessDone if the supervisor
// has ended.
func (p *Process) SignalInside(ctx context.Context, pid uint32, sig syscall.Signal) error {
	_, err := p.request(ctx, func(request uint32) wire.Message {
		return &wire.Signal{Number: uint32(sig), PID: pid, Request: request}
	})
	if errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%w: %w", service.ErrNoProcess, err)
	}
	return err
}

// Executions returns the commands that are known.
func (p *Process) Executions() []service.Execution {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []service.Execution
	for _, e := range p.executions {
		list = append(list, e)
	}
	return list
}

// Signal sends a signal to init.
func (p *Process) Signal(sig syscall.Signal) error { return p.order(&wire.Signal{Number: uint32(sig)}) }

// begun takes a command that has begun. It returns the descriptors that it did not take. The caller holds p.mu.
func (p *Process) begun(m *wire.Begun, files []*os.File) []*os.File {
	x := &Execution{process: p, id: m.ID, pid: m.PID, name: m.Command, ends: files, over: make(chan struct{})}
	if m.Ended {
		x.brief = true
		x.end(endOf(&wire.Exited{Code: m.Code, Signal: m.Signal, Dumped: m.Dumped}).Exit)
		if !p.answers.answer(m.Request, answer{execution: x}) {
			return files
		}
		return nil
	}
	switch {
	case m.Request == 0 && p.executions[m.ID] != nil: // two daemons have asked at once
		return files
	case m.Request != 0 && !p.answers.answer(m.Request, answer{execution: x}): // nobody waits for it any more
		go func() { _ = errors.Join(x.Signal(syscall.SIGKILL), x.Forget()) }()
		return files
	}
	p.executions[m.ID] = x
	return nil
}

// deprived takes a message whose descriptors are lost. It reports whether somebody was told. A command whose terminal
// or pipes nobody has is killed.
func (p *Process) deprived(m wire.Message, err error) bool {
	b, ok := m.(*wire.Begun)
	if !ok {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !b.Ended {
		x := &Execution{process: p, id: b.ID}
		go func() { _ = errors.Join(x.Signal(syscall.SIGKILL), x.Forget()) }()
	}
	p.answers.answer(b.Request, answer{err: fmt.Errorf("receive the command's terminal or pipes: %w", err)})
	return true
}

// over takes the end of a command.
func (e executions) over(m *wire.Over) {
	if x := e[m.ID]; x != nil {
		x.end(endOf(&wire.Exited{Code: m.Code, Signal: m.Signal, Dumped: m.Dumped}).Exit)
	}
}

// lose ends all commands: the supervisor has ended.
func (e executions) lose() {
	for _, x := range e {
		x.end(service.Exit{})
	}
}

// refusal translates a supervisor's message.
func refusal(m *wire.Refused) error {
	return &service.CommandError{Text: m.Failed.Text, Status: m.Status, Err: m.Failed.Unwrap()}
}

// end says how the command has ended, unless that is known. The caller holds Process.mu.
func (x *Execution) end(exit service.Exit) {
	select {
	case <-x.over:
	default:
		x.exit = exit
		close(x.over)
	}
}

// ID returns the command's number in this run of the container.
func (x *Execution) ID() uint32 { return x.id }

// PID returns the command's pid on the host.
func (x *Execution) PID() uint32 { return x.pid }

// Name returns the command's Argv[0].
func (x *Execution) Name() string { return x.name }

// Ends returns the other ends of the command's terminal or pipes.
func (x *Execution) Ends() []*os.File { return x.ends }

// Over is closed when the command has ended.
func (x *Execution) Over() <-chan struct{} { return x.over }

// Exit returns how the command ended.
func (x *Execution) Exit() service.Exit { return x.exit }

// Signal sends the command a signal.
func (x *Execution) Signal(sig syscall.Signal) error {
	return x.process.order(&wire.Signal{ID: x.id, Number: uint32(sig)})
}

// Resize sets the size of the command's terminal.
func (x *Execution) Resize(rows, columns uint32) error {
	return x.process.order(&wire.Resize{ID: x.id, Rows: rows, Columns: columns})
}

// Forget tells the supervisor that nobody will ask for the command's end again.
func (x *Execution) Forget() error {
	if x.brief {
		return nil
	}
	x.process.mu.Lock()
	delete(x.process.executions, x.id)
	x.process.mu.Unlock()
	return x.process.order(&wire.Forget{ID: x.id})
}
