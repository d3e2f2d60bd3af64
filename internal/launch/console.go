package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// maxRequests is how many requests for a console a supervisor has at once that it has not answered. The socket has
// room for as many, so that sending one never blocks, even if the supervisor hangs.
const maxRequests = 64

// requests are the unanswered requests for a console. Those are in it that nobody waits for any more, too: they
// are on their way to the supervisor. Process.mu guards it.
type requests struct {
	last    uint32
	waiting map[uint32]chan syscall.Errno
}

// begin makes a request. It returns false if there are too many.
func (r *requests) begin() (id uint32, answer chan syscall.Errno, ok bool) {
	if len(r.waiting) >= maxRequests {
		return 0, nil, false
	}
	if r.waiting == nil {
		r.waiting = make(map[uint32]chan syscall.Errno)
	}
	r.last++
	answer = make(chan syscall.Errno, 1)
	r.waiting[r.last] = answer
	return r.last, answer, true
}

func (r *requests) answer(m *wire.ConsoleAnswer) {
	if answer, ok := r.waiting[m.Request]; ok {
		answer <- m.Refusal
		delete(r.waiting, m.Request)
	}
}

// OpenConsole asks the supervisor to serve a client at console n, and returns the client's end of the connection. It
// returns os.ErrProcessDone if the supervisor has ended, service.ErrConsoleBusy and service.ErrTooManyClients.
func (p *Process) OpenConsole(ctx context.Context, n int, o service.ConsoleOptions) (*os.File, error) {
	client, server, err := socketPair(o.Framed)
	if err != nil {
		return nil, err
	}
	err = p.openConsole(ctx, n, o, server)
	_ = server.Close()
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

func (p *Process) openConsole(ctx context.Context, n int, o service.ConsoleOptions, server *os.File) error {
	return p.request(ctx, func(id uint32) wire.Message {
		return &wire.OpenConsole{
			Request: id, Console: uint32(n), Framed: o.Framed, Force: o.Force, Safe: o.Safe, ReadOnly: o.ReadOnly, From: o.From,
			Rows: o.Window.Rows, Columns: o.Window.Columns,
		}
	}, server)
}

// ResizeConsole sets the size of a console's window. It returns os.ErrProcessDone if the supervisor has ended.
func (p *Process) ResizeConsole(ctx context.Context, n int, w service.Window) error {
	return p.request(ctx, func(id uint32) wire.Message {
		return &wire.ResizeConsole{Request: id, Console: uint32(n), Rows: w.Rows, Columns: w.Columns}
	})
}

// request sends a request, and waits for the supervisor's answer.
func (p *Process) request(ctx context.Context, message func(id uint32) wire.Message, files ...*os.File) error {
	p.mu.Lock()
	id, answer, ok := p.consoles.begin()
	p.mu.Unlock()
	if !ok {
		return fmt.Errorf("%w: the container's supervisor does not answer", service.ErrTimeout)
	}
	err := p.conn.SendWithin(ctx, message(id), files...)
	if hasEnded(err) {
		return os.ErrProcessDone
	}
	if err != nil {
		return err
	}
	select {
	case refusal := <-answer:
		return refused(refusal)
	case <-p.done:
		return os.ErrProcessDone
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refused translates a supervisor's refusal.
func refused(refusal syscall.Errno) error {
	switch {
	case refusal == 0:
		return nil
	case errors.Is(refusal, syscall.EBUSY):
		return service.ErrConsoleBusy
	case errors.Is(refusal, syscall.EUSERS):
		return service.ErrTooManyClients
	case errors.Is(refusal, syscall.ENOENT):
		return service.ErrNoConsole
	}
	return fmt.Errorf("open console: %w", refusal)
}

// socketPair returns the two ends of a client's connection.
func socketPair(framed bool) (client, server *os.File, err error) {
	kind := unix.SOCK_STREAM
	if framed {
		kind = unix.SOCK_SEQPACKET
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "console"), os.NewFile(uintptr(fds[1]), "console"), nil
}
