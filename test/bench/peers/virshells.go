package peers

import (
	"context"
	"errors"

	"github.com/berthd/berth/test/shell"
)

func newShell() (*shell.Shell, error) { return shell.Open("virsh", "-c", "lxc:///") }

// shells lends one shell to each caller. It starts another if none is free.
type shells struct{ free chan *shell.Shell }

func newShells(most int) *shells { return &shells{free: make(chan *shell.Shell, most)} }

func (p *shells) do(ctx context.Context, command string) error {
	var s *shell.Shell
	select {
	case s = <-p.free:
	default:
		var err error
		if s, err = newShell(); err != nil {
			return err
		}
	}
	// A scanner cannot be interrupted, so the process is killed at the deadline.
	stop := context.AfterFunc(ctx, func() { _ = s.Kill() })
	err := s.Do(command)
	if !stop() || s.Broken() {
		return errors.Join(err, ctx.Err(), s.Close())
	}
	select {
	case p.free <- s:
		return err
	default:
		return errors.Join(err, s.Close())
	}
}

// open starts all shells, so that no measured command waits for the start of one.
func (p *shells) open() error {
	for len(p.free) < cap(p.free) {
		s, err := newShell()
		if err != nil {
			return err
		}
		p.free <- s
	}
	return nil
}

func (p *shells) Close() error {
	var errs []error
	for {
		select {
		case s := <-p.free:
			errs = append(errs, s.Close())
		default:
			return errors.Join(errs...)
		}
	}
}
