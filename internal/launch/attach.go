package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// errNoHandle says that a supervisor's pidfd is missing: this process had no free descriptor for it.
var errNoHandle = errors.New("the supervisor's pidfd did not arrive")

// Attach connects to the supervisor of a run directory. It returns Gone if the kernel says that nobody
// listens at the socket, and Unknown with the reason after any other failure, on either side.
func (s *Supervisors) Attach(ctx context.Context, runDir string) (service.Supervisor, service.Presence, error) {
	path := filepath.Join(runDir, wire.SocketFile)
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		p, err := connect(path)
		switch {
		case errors.Is(err, unix.ECONNREFUSED) && isSocket(path):
			s.images.StopOrphans(runDir)
			return nil, service.Gone, nil
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
			return s.withoutSocket(runDir)
		case err != nil:
			return nil, service.Unknown, fmt.Errorf("connect %s: %w", path, err)
		}
		err = p.greeted(ctx)
		if err == nil {
			return p, service.Alive, nil
		}
		p.abandon()
		if !errors.Is(err, errLost) {
			return nil, service.Unknown, fmt.Errorf("ask %s: %w", path, err)
		}
		// The supervisor is about to end, or could not accept the connection. The next attempt tells which.
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, service.Unknown, fmt.Errorf("ask %s: %w", path, err)
		}
	}
}

// isSocket reports whether path is a socket. Any other file refuses connections as well.
func isSocket(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == fs.ModeSocket
}

// connect connects to a supervisor's socket. It returns EAGAIN if the supervisor hangs and its queue is full:
// a blocking connect(2) would wait then.
func connect(path string) (*Process, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	conn, err := wire.NewConn(fd)
	if err != nil {
		return nil, err
	}
	// SO_PEERCRED would name the daemon that called listen(2), so the supervisor sends its own pid.
	p := newProcess(0)
	p.conn = conn
	go p.read()
	return p, nil
}

// greeted waits until the supervisor has sent Born and Running. It returns errLost if the supervisor closes
// the connection before.
func (p *Process) greeted(ctx context.Context) error {
	select {
	case <-p.running:
	case <-p.done:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.running:
		if p.handle == nil {
			return errNoHandle
		}
		return nil
	default:
	}
	if p.failed != nil {
		return p.failed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errLost
}

// withoutSocket tells whether a supervisor lives although its socket is missing. The socket was never made,
// or somebody removed it.
func (s *Supervisors) withoutSocket(runDir string) (service.Supervisor, service.Presence, error) {
	found, ok, err := s.Find(runDir)
	switch {
	case err != nil:
		return nil, service.Unknown, err
	case ok:
		return nil, service.Unknown, fmt.Errorf("the socket of the supervisor, process %d, is missing in %s", found.PID, runDir)
	}
	s.images.StopOrphans(runDir)
	return nil, service.Gone, nil
}
