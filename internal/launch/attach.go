package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// Attach connects to the supervisor of a run directory. It is not found when nobody listens any
// more, or when it ends while it is asked; one that listens but does not answer is an error.
func (s *Supervisors) Attach(ctx context.Context, runDir string) (service.Supervisor, bool, error) {
	// Non-blocking, for connect(2) waits where a supervisor that hangs has a full queue: EAGAIN then.
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, false, fmt.Errorf("socket: %w", err)
	}
	path := filepath.Join(runDir, wire.SocketFile)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
			s.images.StopOrphans(runDir)
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("connect %s: %w", path, err)
	}
	conn, err := wire.NewConn(fd)
	if err != nil {
		return nil, false, err
	}
	// Peer credentials would name the daemon that called listen(2): the supervisor says who it is.
	p := newProcess(0)
	p.conn = conn
	go p.read()
	if err := p.await(ctx, p.running); err != nil {
		_ = p.Close()
		if ctx.Err() != nil {
			return nil, false, fmt.Errorf("ask %s: %w", path, err)
		}
		<-p.Done()
		return nil, false, nil
	}
	return p, true, nil
}
