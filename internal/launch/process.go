package launch

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// errLost says that a supervisor went without a word.
var errLost = errors.New("the supervisor ended unexpectedly")

// lastMoments bounds how long a failed operation waits for the supervisor to say why.
const lastMoments = 10 * time.Second

// Process is one supervisor. It is both a service.Starting and a service.Supervisor.
type Process struct {
	pid   uint32
	conn  *wire.Conn
	child bool // ours to reap

	placed  chan struct{} // closed when init is in its group
	running chan struct{} // closed when it was executed
	done    chan struct{} // closed when the supervisor is gone

	mu     sync.Mutex
	handle *os.File // pidfd of one that is not our child
	left   bool     // its end is nobody's concern
	gone   bool
	leader uint32
	failed error
	end    service.End
}

func newProcess(pid uint32) *Process {
	return &Process{
		pid: pid, child: pid != 0,
		placed: make(chan struct{}), running: make(chan struct{}), done: make(chan struct{}),
	}
}

// PID is the supervisor's.
func (p *Process) PID() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Done is closed when the supervisor is gone and reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// End says what became of init; it is meaningful after Done.
func (p *Process) End() service.End {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end
}

// Failure is what the supervisor, or init's last stage, said of a failed start.
func (p *Process) Failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// HangUp tells a supervisor that its start is given up. What it says can still be heard.
func (p *Process) HangUp() { p.conn.HangUp() }

// Leader is init's pid on the host, 0 before Place.
func (p *Process) Leader() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leader
}

// Place tells the supervisor that it is in its scope, and returns when init is in its part of it.
func (p *Process) Place(ctx context.Context, scope *os.File) error {
	if err := p.send(&wire.Place{}, scope); err != nil {
		return err
	}
	return p.await(ctx, p.placed)
}

// Continue lets init execute and returns when it has.
func (p *Process) Continue(ctx context.Context) (service.Supervisor, error) {
	if err := p.send(&wire.Continue{}); err != nil {
		return nil, err
	}
	if err := p.await(ctx, p.running); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Process) send(m wire.Message, files ...*os.File) error {
	err := p.conn.Send(m, files...)
	if hasEnded(err) {
		return p.reason(errLost)
	}
	return err
}

// hasEnded reports whether a message could not be sent because nobody takes it any more.
func hasEnded(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrClosed)
}

func (p *Process) await(ctx context.Context, happened <-chan struct{}) error {
	select {
	case <-happened:
		return nil
	case <-p.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select { // both may be true: init ended right after
	case <-happened:
		return nil
	default:
		return p.reason(errLost)
	}
}

// reason prefers what the other side said of its failure.
func (p *Process) reason(otherwise error) error {
	select {
	case <-p.done:
	case <-time.After(lastMoments):
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return p.failed
	}
	return otherwise
}

// Terminate asks init to end, in the words that it understands; one that understands none is killed.
func (p *Process) Terminate() error {
	if err := p.conn.Send(&wire.Terminate{}); err != nil && !hasEnded(err) {
		return err
	}
	return nil
}

// Kill ends the supervisor, not its container.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	switch {
	case p.gone:
	case p.child: // not reaped yet, so the number is still its own
		err = syscall.Kill(int(p.pid), syscall.SIGKILL)
	case p.handle != nil:
		err = pidfd.Signal(p.handle, syscall.SIGKILL)
	}
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// Close leaves the supervisor alone: before init was executed it ends itself, later it goes on.
func (p *Process) Close() error {
	if err := p.conn.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// abandon leaves a supervisor alone that an earlier daemon started, and does not wait for its end.
func (p *Process) abandon() {
	p.mu.Lock()
	p.left = true
	if p.handle != nil {
		_ = p.handle.SetReadDeadline(time.Now())
	}
	p.mu.Unlock()
	_ = p.Close()
}

// read takes what the supervisor says until it is gone.
func (p *Process) read() {
	defer close(p.done)
	defer p.release()
	for {
		m, files, err := p.conn.Recv()
		switch {
		case err == nil:
			p.hear(m, files)
		case errors.Is(err, wire.ErrUnreadable): // of a newer supervisor, or there was no room for its descriptors
			p.fail(err)
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed):
			return
		default:
			p.fail(err)
			return
		}
	}
}

func (p *Process) hear(m wire.Message, files []*os.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m := m.(type) {
	case *wire.Born:
		p.leader = m.PID
		files = p.takeHandle(m, files)
	case *wire.Placed:
		once(p.placed)
	case *wire.Running:
		once(p.running)
	case *wire.Failed:
		p.failed = m
	case *wire.Exited:
		p.end = endOf(m)
	}
	for _, f := range files {
		_ = f.Close()
	}
}

// once closes a channel that may be closed already.
func once(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// takeHandle learns who a supervisor is that an earlier daemon started.
func (p *Process) takeHandle(m *wire.Born, rest []*os.File) []*os.File {
	if p.child || p.handle != nil || len(rest) != 1 {
		return rest
	}
	p.pid, p.handle = m.Supervisor, rest[0]
	if p.left {
		_ = p.handle.SetReadDeadline(time.Now())
	}
	return nil
}

func (p *Process) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil && err != nil {
		p.failed = err
	}
}

// release waits for the process itself, which ends right after its socket, and reaps it.
func (p *Process) release() {
	if p.child {
		p.fail(p.reap())
	} else if handle := p.pidfd(); handle != nil {
		// No timeout: the supervisor may have closed its socket and still run, and so may its container.
		p.fail(pidfd.Wait(handle))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	if p.handle != nil { // no earlier: Kill may be using it
		_ = p.handle.Close()
	}
	_ = p.conn.Close()
}

func (p *Process) pidfd() *os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handle
}

// reap waits without reaping first, so that Kill never meets a number that is another's.
func (p *Process) reap() error {
	for {
		err := unix.Waitid(unix.P_PID, int(p.pid), nil, unix.WEXITED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gone = true
		return errors.Join(err, unix.Waitid(unix.P_PID, int(p.pid), nil, unix.WEXITED|unix.WNOHANG, nil))
	}
}
