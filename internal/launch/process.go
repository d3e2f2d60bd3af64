package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/shutdown"
	"github.com/berthd/berth/internal/store"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// errLost says that a supervisor went without a word.
var errLost = errors.New("the supervisor ended unexpectedly")

// lastMoments bounds the time between the end of a supervisor's socket and its own.
const lastMoments = 10 * time.Second

// Process is one supervisor.
type Process struct {
	pid    uint32
	handle *os.File // pidfd of the supervisor
	conn   *wire.Conn
	child  bool // ours to reap

	placed  chan struct{} // closed when init is in its group
	running chan struct{} // closed when it was executed
	done    chan struct{} // closed when the supervisor is gone

	mu        sync.Mutex
	leader    *os.File // pidfd of init
	leaderPID uint32
	failed    error
	end       service.End
}

func newProcess(pid uint32, handle *os.File) *Process {
	return &Process{
		pid: pid, handle: handle, child: true,
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

// Leader is init's pid on the host, 0 before Place.
func (p *Process) Leader() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaderPID
}

// Place tells the supervisor that it is in its scope, and returns when init is in its part of it.
func (p *Process) Place(ctx context.Context, scope *os.File) error {
	if err := p.conn.Send(&wire.Place{}, scope); err != nil {
		return p.reason(err)
	}
	return p.await(ctx, p.placed)
}

// Continue lets init execute and returns when it has.
func (p *Process) Continue(ctx context.Context) error {
	if err := p.conn.Send(&wire.Continue{}); err != nil {
		return p.reason(err)
	}
	return p.await(ctx, p.running)
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

// Listens reads the masks of init's signals.
func (p *Process) Listens() (syscall.Signal, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Leader()))
	if err != nil {
		return 0, false
	}
	return shutdown.ParseMasks(string(text)).Signal()
}

// SignalLeader sends a signal to init; one that has ended already is no error.
func (p *Process) SignalLeader(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leader == nil {
		return nil
	}
	if err := pidfd.Signal(p.leader, sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Kill ends the supervisor, not its container.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handle == nil {
		return nil
	}
	if err := pidfd.Signal(p.handle, syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Close leaves the supervisor alone: before init was executed it ends itself, later it goes on.
func (p *Process) Close() error {
	if err := p.conn.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// read takes what the supervisor says until it is gone.
func (p *Process) read() {
	defer close(p.done)
	defer p.release()
	for {
		m, files, err := p.conn.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
				p.fail(err)
			}
			return
		}
		p.hear(m, files)
	}
}

func (p *Process) hear(m wire.Message, files []*os.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m := m.(type) {
	case *wire.Born:
		if p.leader == nil && len(files) >= 1 {
			p.leader, p.leaderPID = files[0], m.PID
			files = p.takeHandle(m, files[1:])
		}
	case *wire.Placed:
		once(p.placed)
	case *wire.Running:
		once(p.running)
	case *wire.Failed:
		p.failed = m
	case *wire.Exited:
		p.end = store.EndOf(m)
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
	if p.handle != nil || len(rest) != 1 {
		return rest
	}
	p.pid, p.handle = m.Supervisor, rest[0]
	return nil
}

func (p *Process) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = err
	}
}

// release waits for the process itself, which ends right after its socket, and reaps it.
func (p *Process) release() {
	p.mu.Lock()
	handle := p.handle
	p.mu.Unlock()
	if handle != nil {
		_ = pidfd.WaitFor(handle, lastMoments)
	}
	if p.child {
		if _, err := pidfd.Reap(handle); err != nil {
			p.fail(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.conn.Close()
	if handle != nil {
		_ = handle.Close()
	}
	if p.leader != nil {
		_ = p.leader.Close()
	}
}
