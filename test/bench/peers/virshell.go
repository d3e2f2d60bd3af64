package peers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// shell is one virsh in its interactive mode, which reads commands from a pipe. It is one process with
// one connection to libvirtd for many commands, so the start of virsh (17 ms) is not measured.
type shell struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  *bufio.Scanner
	count  int
	broken bool // the shell cannot run another command
}

func newShell() (*shell, error) {
	cmd := exec.Command("virsh", "-c", "lxc:///")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TERM=dumb", "VIRSH_HISTSIZE=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout // so that errors come between the lines of their command
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &shell{cmd: cmd, in: in, lines: bufio.NewScanner(out)}
	if err := s.do("uri"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// do runs one command. It sends an echo after it, which marks the end of the output.
func (s *shell) do(command string) error {
	s.count++
	end := fmt.Sprintf("end-%d", s.count)
	if _, err := fmt.Fprintf(s.in, "%s\necho %s\n", command, end); err != nil {
		s.broken = true
		return fmt.Errorf("virsh %s: %w", command, err)
	}
	var failure string
	for s.lines.Scan() {
		line := s.lines.Text()
		if line == end {
			if failure != "" {
				return fmt.Errorf("virsh %s: %s", command, failure)
			}
			return nil
		}
		if text, ok := strings.CutPrefix(line, "error: "); ok {
			failure = strings.TrimPrefix(failure+"; "+text, "; ")
		}
	}
	s.broken = true
	if err := s.lines.Err(); err != nil {
		return fmt.Errorf("virsh %s: %w", command, err)
	}
	return fmt.Errorf("virsh %s: virsh ended", command)
}

// Close closes virsh's input, upon which it ends.
func (s *shell) Close() error {
	return errors.Join(s.in.Close(), s.cmd.Wait())
}

// shells lends one shell to each caller. It starts another if none is free.
type shells struct{ free chan *shell }

func newShells(most int) *shells { return &shells{free: make(chan *shell, most)} }

func (p *shells) do(ctx context.Context, command string) error {
	var s *shell
	select {
	case s = <-p.free:
	default:
		var err error
		if s, err = newShell(); err != nil {
			return err
		}
	}
	// A scanner cannot be interrupted, so the process is killed at the deadline.
	stop := context.AfterFunc(ctx, func() { _ = s.cmd.Process.Kill() })
	err := s.do(command)
	if !stop() || s.broken {
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
