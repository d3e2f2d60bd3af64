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

// shell is one virsh in its interactive mode, fed by a pipe: one client process and one
// connection to libvirtd for many commands, so that the client's own start (17 ms) is not in
// the figures.
type shell struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  *bufio.Scanner
	count  int
	broken bool // nothing more can be asked of it
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
	cmd.Stderr = cmd.Stdout // errors come between the lines of the command they belong to
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &shell{cmd: cmd, in: in, lines: bufio.NewScanner(out)}
	if err := s.do("uri"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// do runs one command. An echo after it marks its end.
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

// Close ends virsh by the end of its input.
func (s *shell) Close() error {
	return errors.Join(s.in.Close(), s.cmd.Wait())
}

// shells hands out one shell to each caller and makes another when none is free.
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
	// The scanner cannot be told to stop: at the deadline the process is ended under it.
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

// fill makes shells beforehand, so that no measured command waits for one.
func (p *shells) fill() error {
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
