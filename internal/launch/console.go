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
	_, err := p.request(ctx, func(request uint32) wire.Message {
		return &wire.OpenConsole{
			Request: request, Console: uint32(n), Framed: o.Framed, Force: o.Force, Safe: o.Safe, ReadOnly: o.ReadOnly, From: o.From,
			Rows: o.Window.Rows, Columns: o.Window.Columns, User: o.User,
		}
	}, server)
	return err
}

// ResizeConsole sets the size of a console's window. It returns os.ErrProcessDone if the supervisor has ended.
func (p *Process) ResizeConsole(ctx context.Context, n int, w service.Window) error {
	_, err := p.request(ctx, func(request uint32) wire.Message {
		return &wire.ResizeConsole{Request: request, Console: uint32(n), Rows: w.Rows, Columns: w.Columns}
	})
	return err
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
	case errors.Is(refusal, syscall.EDQUOT):
		return service.ErrTooManyOwnClients
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
