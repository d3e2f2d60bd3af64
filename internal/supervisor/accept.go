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

// accept accepts the connections of restarted berthds. The socket lies in a directory that only root may
// enter.
func (s *supervisor) accept() {
	fd, err := unix.FcntlInt(s.socket.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	_ = s.socket.Close()
	var l *listener
	if err == nil {
		l, err = newListener(fd)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: listen:", err)
		return
	}
	for {
		fd, err := l.next()
		if err != nil {
			return
		}
		if c, err := wire.NewConn(fd); err == nil {
			s.events <- event{hello: c, listener: l}
		}
	}
}

// retry is the pause before accept(2) is tried again after EMFILE or ENOMEM.
const retry = time.Second

// listener accepts the connections of restarted berthds. A process without a free descriptor cannot accept a
// connection, and the socket stays readable. So the listener holds two in reserve: for the connection, and for
// the pidfd that greet sends.
type listener struct {
	socket syscall.RawConn
	retry  time.Duration

	mu      sync.Mutex
	reserve []int
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
	l := &listener{socket: socket, retry: retry}
	l.refill()
	return l, nil
}

// next waits for a connection. It returns an error if the socket is closed.
func (l *listener) next() (int, error) {
	for {
		var fd int
		var refused error
		err := l.socket.Read(func(listen uintptr) bool {
			fd, _, refused = unix.Accept4(int(listen), unix.SOCK_CLOEXEC)
			return !errors.Is(refused, unix.EAGAIN) && !errors.Is(refused, unix.EINTR)
		})
		switch {
		case err != nil:
			return -1, err
		case refused == nil:
			return fd, nil
		case errors.Is(refused, unix.ECONNABORTED): // the client went away while it waited
		case errors.Is(refused, unix.EMFILE) && l.spend():
		default:
			<-time.After(l.retry)
		}
	}
}

// refill opens the descriptors of the reserve, as many as the limit allows.
func (l *listener) refill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.socket.Control(func(listen uintptr) { // fails only if the socket is closed
		for len(l.reserve) < 2 {
			fd, err := unix.FcntlInt(listen, unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				return
			}
			l.reserve = append(l.reserve, fd)
		}
	})
}

// spend closes the reserve. It reports whether there was one.
func (l *listener) spend() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := len(l.reserve) > 0
	for _, fd := range l.reserve {
		_ = unix.Close(fd)
	}
	l.reserve = nil
	return had
}
