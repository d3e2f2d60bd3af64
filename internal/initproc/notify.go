package initproc

import (
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// notify makes the socket on which init says that it is ready, and sends it to the supervisor. Only root of the
// container may send to it.
func (s *stage) notify() error {
	if s.plan.Notify == "" {
		return nil
	}
	dir, err := s.root.Dir(path.Dir(s.plan.Notify))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	socket := os.NewFile(uintptr(fd), s.plan.Notify)
	defer func() { _ = socket.Close() }()
	// bind(2) knows no directory but the working one.
	if err := unix.Fchdir(int(dir.Fd())); err != nil {
		return &os.PathError{Op: "chdir", Path: dir.Name(), Err: err}
	}
	name := path.Base(s.plan.Notify)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err != nil {
		return &os.PathError{Op: "bind", Path: s.plan.Notify, Err: err}
	}
	if err := unix.Chmod(name, 0o600); err != nil {
		return &os.PathError{Op: "chmod", Path: s.plan.Notify, Err: err}
	}
	if err := unix.Chdir("/"); err != nil {
		return &os.PathError{Op: "chdir", Path: "/", Err: err}
	}
	return s.conn.Send(&wire.Notify{}, socket)
}
