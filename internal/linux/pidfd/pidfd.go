// Package pidfd signals and awaits processes by descriptor (pidfd_open(2), kernel 5.3), so that
// a reused pid is never hit. It keeps no state.
package pidfd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Open opens a process that exists now.
func Open(pid int) (*os.File, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open %d: %w", pid, err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// FromClone takes the descriptor that clone(2) gave and makes it fit for Wait.
func FromClone(fd int) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("pidfd: %w", err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// Signal sends a signal; a process that is gone is os.ErrProcessDone.
func Signal(p *os.File, sig syscall.Signal) error {
	var serr error
	err := control(p, func(fd int) { serr = unix.PidfdSendSignal(fd, sig, nil, 0) })
	switch {
	case err != nil:
		return err
	case errors.Is(serr, unix.ESRCH):
		return os.ErrProcessDone
	case serr != nil:
		return fmt.Errorf("pidfd_send_signal %d: %w", int(sig), serr)
	}
	return nil
}

// Wait returns when the process has ended; it reaps nothing. A deadline set on p ends it early
// with os.ErrDeadlineExceeded.
func Wait(p *os.File) error {
	raw, err := p.SyscallConn()
	if err != nil {
		return fmt.Errorf("pidfd: %w", err)
	}
	var perr error
	err = raw.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if err != nil && !errors.Is(err, unix.EINTR) {
			perr = err
			return true
		}
		return n == 1
	})
	return errors.Join(err, perr)
}

// WaitFor is Wait with a limit.
func WaitFor(p *os.File, limit time.Duration) error {
	if err := p.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return fmt.Errorf("pidfd: %w", err)
	}
	return Wait(p)
}

// Status is how a process ended, as waitid(2) tells it.
type Status struct {
	Code   int32 // exit status, or signal number
	Signal bool  // ended by a signal
	Dumped bool  // and dumped core
}

// errRuns says that there is nothing to collect yet.
var errRuns = errors.New("the process has not ended")

// Reap collects an ended child; of one that has not ended it says so.
func Reap(p *os.File) (Status, error) {
	var info unix.Siginfo
	var werr error
	err := control(p, func(fd int) {
		for {
			werr = unix.Waitid(unix.P_PIDFD, fd, &info, unix.WEXITED|unix.WNOHANG, nil)
			if !errors.Is(werr, unix.EINTR) {
				return
			}
		}
	})
	if err = errors.Join(err, werr); err != nil {
		return Status{}, fmt.Errorf("waitid: %w", err)
	}
	if info.Signo == 0 { // waitid(2): what WNOHANG leaves when there was nothing
		return Status{}, fmt.Errorf("waitid: %w", errRuns)
	}
	return statusOf(&info), nil
}

func control(p *os.File, f func(fd int)) error {
	raw, err := p.SyscallConn()
	if err != nil {
		return fmt.Errorf("pidfd: %w", err)
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}
