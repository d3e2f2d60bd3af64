// Package pidfd signals processes and waits for them by descriptor (pidfd_open(2), Linux 5.3). So it
// never hits another process that got the same pid. It keeps no state.
package pidfd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Open opens an existing process.
func Open(pid int) (*os.File, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open %d: %w", pid, err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// Signal sends a signal. It returns os.ErrProcessDone if the process has ended.
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

// Wait returns when the process has ended. It does not reap the process. It returns
// os.ErrDeadlineExceeded if a read deadline that was set on p passes first.
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

// WaitUnpolled is Wait for a file that the runtime does not poll: for one wait more, it makes another one of it.
func WaitUnpolled(p *os.File) error {
	var fd int
	var derr error
	err := control(p, func(n int) {
		if fd, derr = unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0); derr == nil {
			derr = unix.SetNonblock(fd, true)
		}
	})
	if err = errors.Join(err, derr); err != nil {
		return fmt.Errorf("pidfd: %w", err)
	}
	polled := os.NewFile(uintptr(fd), "pidfd")
	defer func() { _ = polled.Close() }()
	return Wait(polled)
}

// WaitFor waits until the process has ended. It returns os.ErrDeadlineExceeded after limit.
func WaitFor(p *os.File, limit time.Duration) error {
	if err := p.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return fmt.Errorf("pidfd: %w", err)
	}
	return Wait(p)
}

// Status says how a process ended (waitid(2)).
type Status struct {
	Code   int32 // exit status, or signal number
	Signal bool  // a signal ended the process
	Dumped bool  // the process dumped core
}

// ErrRuns is returned by Reap and ReapChild if the process has not ended.
var ErrRuns = errors.New("the process has not ended")

// Reap reaps an ended child and returns its status. It returns an error if the child has not ended.
func Reap(p *os.File) (st Status, err error) {
	cerr := control(p, func(fd int) { st, err = reap(unix.P_PIDFD, fd) })
	return st, errors.Join(cerr, err)
}

func reap(kind, id int) (Status, error) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(kind, id, &info, unix.WEXITED|unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return Status{}, fmt.Errorf("waitid: %w", err)
		case info.Signo == 0: // with WNOHANG: no child has ended (waitid(2))
			return Status{}, fmt.Errorf("waitid: %w", ErrRuns)
		}
		return StatusOf(&info), nil
	}
}

func control(p *os.File, f func(fd int)) error {
	raw, err := p.SyscallConn()
	if err != nil {
		return fmt.Errorf("pidfd: %w", err)
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}
