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

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// errLost says that a supervisor ended without a message.
var errLost = errors.New("the supervisor ended unexpectedly")

// failureLimit is how long a failed operation waits for the supervisor's message with the reason.
const failureLimit = 10 * time.Second

// Process is one supervisor. It is both a service.Starting and a service.Supervisor.
type Process struct {
	pid   uint32
	conn  *wire.Conn
	child bool // this daemon started it, and must reap it

	placed  chan struct{} // closed when init is in its group
	running chan struct{} // closed when init has been executed
	asked   chan struct{} // closed when systemd has ordered its end
	noticed chan struct{} // one slot: init has said something
	exited  chan struct{} // closed when the supervisor has said how init ended
	done    chan struct{} // closed when the supervisor is gone

	mu        sync.Mutex
	handle    *os.File // pidfd of a supervisor that is not our child
	killed    bool     // by Kill
	abandoned bool     // nobody waits for its end
	gone      bool
	leader    uint32
	failed    error
	end       service.End

	visits     chan struct{} // a slot for each change inside the container
	answers    answers
	executions executions
	kept       []service.Kept // of the descriptors that init was passed
	notice     service.Notice // what init has said last
}

func newProcess(pid uint32) *Process {
	return &Process{
		pid: pid, child: pid != 0, executions: executions{}, visits: make(chan struct{}, maxInside),
		placed: make(chan struct{}), running: make(chan struct{}), asked: make(chan struct{}), noticed: make(chan struct{}, 1), exited: make(chan struct{}), done: make(chan struct{}),
	}
}

// PID returns the supervisor's pid.
func (p *Process) PID() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Done returns a channel that is closed when the supervisor is gone and reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exited returns a channel that is closed when the supervisor has said how init ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Asked returns a channel that is closed when systemd has ordered the container's end. The supervisor has asked
// init by then.
func (p *Process) Asked() <-chan struct{} { return p.asked }

// End returns how init ended. It is final once Done is closed.
func (p *Process) End() service.End {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end
}

// Failure returns the error that the supervisor or the init stage sent, nil if none did. It is final once
// Done is closed.
func (p *Process) Failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// HangUp tells a supervisor that its start is given up. Its messages are still received.
func (p *Process) HangUp() { p.conn.HangUp() }

// Leader returns init's pid on the host, 0 before Place.
func (p *Process) Leader() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leader
}

// Place tells the supervisor that it is in its scope. It returns when init is in the payload's part of the
// scope.
func (p *Process) Place(ctx context.Context, scope *os.File) error {
	if err := p.send(ctx, &wire.Place{}, scope); err != nil {
		return err
	}
	return p.await(ctx, p.placed)
}

// Continue lets init execute and returns when it has.
func (p *Process) Continue(ctx context.Context) (service.Supervisor, error) {
	if err := p.send(ctx, &wire.Continue{}); err != nil {
		return nil, err
	}
	if err := p.await(ctx, p.running); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Process) send(ctx context.Context, m wire.Message, files ...*os.File) error {
	err := p.conn.SendWithin(ctx, m, files...)
	if hasEnded(err) {
		return p.reason(errLost)
	}
	return err
}

// hasEnded reports whether a message could not be sent because the connection is closed.
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
	select { // both channels may be closed: init ended right after
	case <-happened:
		return nil
	default:
		return p.reason(errLost)
	}
}

// reason returns the error that the supervisor or the init stage sent. It waits for it up to failureLimit, and
// returns otherwise if none came.
func (p *Process) reason(otherwise error) error {
	select {
	case <-p.done:
	case <-time.After(failureLimit):
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return p.failed
	}
	return otherwise
}

// Terminate asks init to end, with a signal that init understands. The container is killed if there is none.
// It is no error if the supervisor has ended.
func (p *Process) Terminate() error { return p.order(&wire.Terminate{}) }

// Kill kills the supervisor, not its container. It is no error if the supervisor has ended.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	switch {
	case p.gone:
	case p.child: // not reaped yet, so the pid is still the supervisor's
		p.killed = true
		err = syscall.Kill(int(p.pid), syscall.SIGKILL)
	case p.handle != nil:
		err = pidfd.Signal(p.handle, syscall.SIGKILL)
	}
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// isOver reports whether a child has ended, also if nobody has seen that yet.
func (p *Process) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return true
	}
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, int(p.pid), &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err != nil || info.Signo != 0
}

// Close closes the connection. The supervisor then ends itself and init if init has not been executed.
// Otherwise it goes on.
func (p *Process) Close() error {
	if err := p.conn.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// abandon closes the connection to a supervisor of an earlier daemon, and stops waiting for its end.
func (p *Process) abandon() {
	p.mu.Lock()
	p.abandoned = true
	if p.handle != nil {
		_ = p.handle.SetReadDeadline(time.Now())
	}
	p.mu.Unlock()
	_ = p.Close()
}

// read receives the supervisor's messages until the supervisor is gone.
func (p *Process) read() {
	defer close(p.done)
	defer p.release()
	for {
		m, files, err := p.conn.Recv()
		switch {
		case err == nil:
			p.hear(m, files)
		case errors.Is(err, wire.ErrUnreadable): // from a newer supervisor, or its descriptors did not fit
			if !p.deprived(m, err) {
				p.fail(err)
			}
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
	case *wire.Notified:
		p.notice = service.Notice{Ready: m.Ready, Status: m.Status}
		select {
		case p.noticed <- struct{}{}:
		default:
		}
	case *wire.Kept:
		p.kept = kept(m, &files)
	case *wire.Asked:
		once(p.asked)
	case *wire.Answered:
		p.answers.answer(m.Serial, answer{err: notAsked(m)})
	case *wire.Failed:
		p.failed = m
	case *wire.Killed:
		p.end.OOMKills = m.OOMKills
	case *wire.Exited:
		kills := p.end.OOMKills
		p.end = endOf(m)
		p.end.OOMKills = kills
		once(p.exited)
	case *wire.ConsoleAnswer:
		p.answers.answer(m.Request, answer{err: refused(m.Refusal)})
	case *wire.Held:
		p.answers.answer(m.Request, answer{err: notHeld(m)})
	case *wire.Signalled:
		p.answers.answer(m.Request, answer{})
	case *wire.Refused:
		p.answers.answer(m.Request, answer{err: refusal(m)})
	case *wire.Begun:
		files = p.begun(m, files)
	case *wire.Over:
		p.executions.over(m)
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

// takeHandle takes the pid and the pidfd of a supervisor that an earlier daemon started. It returns the files
// that it did not take.
func (p *Process) takeHandle(m *wire.Born, rest []*os.File) []*os.File {
	if p.child || p.handle != nil || len(rest) != 1 {
		return rest
	}
	p.pid, p.handle = m.Supervisor, rest[0]
	if p.abandoned {
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

// release waits for the end of the process, which follows that of its socket, and reaps it.
func (p *Process) release() {
	if p.child {
		p.fail(p.reap())
	} else if handle := p.pidfd(); handle != nil {
		// No timeout: a supervisor whose socket is closed may still run, and so may its container.
		p.fail(pidfd.Wait(handle))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	p.answers.lose()
	p.executions.lose()
	if p.handle != nil { // not earlier: Kill may be using it
		_ = p.handle.Close()
	}
	_ = p.conn.Close()
}

func (p *Process) pidfd() *os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handle
}

// reap waits for the end of a child and then reaps it. It reaps with mu held, so that Kill never signals
// another process with this pid.
func (p *Process) reap() error {
	for {
		err := unix.Waitid(unix.P_PID, int(p.pid), nil, unix.WEXITED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gone = true
		var info unix.Siginfo
		err = errors.Join(err, unix.Waitid(unix.P_PID, int(p.pid), &info, unix.WEXITED|unix.WNOHANG, nil))
		if st := pidfd.StatusOf(&info); err == nil && st.Signal && !p.killed {
			err = fmt.Errorf("%w: signal %d (%s)", service.ErrKilled, st.Code, unix.SignalName(unix.Signal(st.Code)))
		}
		return err
	}
}
