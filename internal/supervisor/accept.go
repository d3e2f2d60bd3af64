package supervisor

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// accept takes a restarted berthd. The socket lies in a directory that only root may enter.
func (s *supervisor) accept() {
	d, err := newListener(wire.FDListen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: listen:", err)
		return
	}
	for {
		fd, err := d.next()
		if err != nil {
			return
		}
		if c, err := wire.NewConn(fd); err == nil {
			s.events <- event{hello: c, listener: d}
		}
	}
}

// retry is the pause before accept(2) is tried again after EMFILE or ENOMEM.
const retry = time.Second

// listener accepts the connections of restarted berthds. A process without a free descriptor cannot accept a
// connection, and the socket stays readable. So the listener holds two in reserve: for the connection, and for
// the pidfd that berthd is sent.
type listener struct {
	socket syscall.RawConn
	retry  time.Duration

	mu    sync.Mutex
	spare []int
}

// newListener takes ownership of a listening socket.
func newListener(fd int) (*listener, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "listen")
	socket, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	d := &listener{socket: socket, retry: retry}
	d.refill()
	return d, nil
}

// next waits for a connection. The error is the socket's end.
func (d *listener) next() (int, error) {
	for {
		var fd int
		var refused error
		err := d.socket.Read(func(listen uintptr) bool {
			fd, _, refused = unix.Accept4(int(listen), unix.SOCK_CLOEXEC)
			return !errors.Is(refused, unix.EAGAIN) && !errors.Is(refused, unix.EINTR)
		})
		switch {
		case err != nil:
			return -1, err
		case refused == nil:
			return fd, nil
		case errors.Is(refused, unix.ECONNABORTED): // it went away while it waited
		case errors.Is(refused, unix.EMFILE) && d.spend():
		default:
			<-time.After(d.retry)
		}
	}
}

// refill takes as much of the reserve as there is room for.
func (d *listener) refill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.socket.Control(func(listen uintptr) { // its error is the socket's end
		for len(d.spare) < 2 {
			fd, err := unix.FcntlInt(listen, unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				return
			}
			d.spare = append(d.spare, fd)
		}
	})
}

// spend closes the reserve. It reports whether there was one.
func (d *listener) spend() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	had := len(d.spare) > 0
	for _, fd := range d.spare {
		_ = unix.Close(fd)
	}
	d.spare = nil
	return had
}
