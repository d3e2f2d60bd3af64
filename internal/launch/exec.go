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

// executions are the commands of one container. Process.mu guards them.
type executions struct {
	request uint32                  // the latest
	waiting map[uint32]chan<- begun // by request
	known   map[uint32]*Execution   // by id; those that are not forgotten
	gone    bool                    // the supervisor has ended
}

// begun is the answer to an Exec.
type begun struct {
	execution *Execution
	err       error
}

// Execution is one command in a container.
type Execution struct {
	process *Process
	id, pid uint32
	name    string
	ends    []*os.File
	over    chan struct{}
	exit    service.Exit // valid once over is closed
}

// Exec executes a command in the container.
func (p *Process) Exec(ctx context.Context, c service.Command, stdio []*os.File) (service.Execution, error) {
	x, err := p.askFor(ctx, func(request uint32) wire.Message {
		return &wire.Exec{
			Request: request, Argv: c.Argv, Env: c.Env, Dir: c.Dir, User: c.User, Group: c.Group,
			Terminal: c.Terminal, Rows: c.Rows, Columns: c.Columns,
		}
	}, stdio...)
	if err != nil {
		return nil, err
	}
	return x, nil
}

// SignalInside sends a signal to a process by its pid in the container.
func (p *Process) SignalInside(ctx context.Context, pid uint32, sig syscall.Signal) error {
	_, err := p.askFor(ctx, func(request uint32) wire.Message {
		return &wire.Signal{Number: uint32(sig), PID: pid, Request: request}
	})
	if errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%w: %w", service.ErrNoProcess, err)
	}
	return err
}

// askFor sends a message and waits for its answer. The answer to a Signal has no command.
func (p *Process) askFor(ctx context.Context, message func(request uint32) wire.Message, files ...*os.File) (*Execution, error) {
	answer := make(chan begun, 1)
	request, err := p.ask(answer)
	if err != nil {
		return nil, err
	}
	if err := p.conn.SendWithin(ctx, message(request), files...); err != nil {
		p.forgo(request)
		if hasEnded(err) {
			return nil, errLost
		}
		return nil, err
	}
	select {
	case b := <-answer:
		return b.execution, b.err
	case <-ctx.Done():
		p.forgo(request)
		return nil, context.Cause(ctx)
	}
}

// ask makes the next answer with the returned request go to a channel.
func (p *Process) ask(answer chan<- begun) (request uint32, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := &p.executions
	if e.gone {
		return 0, errLost
	}
	if e.waiting == nil {
		e.waiting = map[uint32]chan<- begun{}
	}
	e.request++
	e.waiting[e.request] = answer
	return e.request, nil
}

// forgo says that nobody waits for an answer any more. hear ends the command when it comes.
func (p *Process) forgo(request uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.executions.waiting, request)
}

// Executions returns the commands that are known.
func (p *Process) Executions() []service.Execution {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []service.Execution
	for _, e := range p.executions.known {
		list = append(list, e)
	}
	return list
}

// Signal sends a signal to init.
func (p *Process) Signal(sig syscall.Signal) error { return p.order(&wire.Signal{Number: uint32(sig)}) }

// hear takes a message about a command. It returns the descriptors that it did not take. The caller holds p.mu.
func (e *executions) hear(p *Process, m wire.Message, files []*os.File) []*os.File {
	switch m := m.(type) {
	case *wire.Begun:
		return e.begun(p, m, files)
	case *wire.Signalled:
		e.answer(m.Request, begun{})
	case *wire.Refused:
		e.answer(m.Request, begun{err: refusal(m)})
	case *wire.Over:
		if x := e.known[m.ID]; x != nil {
			x.end(endOf(&wire.Exited{Code: m.Code, Signal: m.Signal, Dumped: m.Dumped}).Exit)
		}
	}
	return files
}

func (e *executions) begun(p *Process, m *wire.Begun, files []*os.File) []*os.File {
	x := &Execution{process: p, id: m.ID, pid: m.PID, name: m.Command, ends: files, over: make(chan struct{})}
	switch {
	case m.Request == 0 && e.known[m.ID] != nil: // two daemons have asked at once
		return files
	case m.Request != 0 && !e.answer(m.Request, begun{execution: x}): // nobody waits for it any more
		go func() { _ = errors.Join(x.Signal(syscall.SIGKILL), x.Forget()) }()
		return files
	}
	if e.known == nil {
		e.known = map[uint32]*Execution{}
	}
	e.known[m.ID] = x
	return nil
}

// answer reports whether somebody waited for the answer.
func (e *executions) answer(request uint32, b begun) bool {
	to, ok := e.waiting[request]
	if ok {
		to <- b // it has room
		delete(e.waiting, request)
	}
	return ok
}

// lose ends all commands: the supervisor has ended. The caller holds Process.mu.
func (e *executions) lose() {
	e.gone = true
	for request := range e.waiting {
		e.answer(request, begun{err: errLost})
	}
	for _, x := range e.known {
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
	x.process.mu.Lock()
	delete(x.process.executions.known, x.id)
	x.process.mu.Unlock()
	return x.process.order(&wire.Forget{ID: x.id})
}
