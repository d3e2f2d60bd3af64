// Package stream is one end of a unix stream socket with many short messages in both directions.
//
// The runtime's poller waits for each descriptor in both directions. So it wakes a thread twice for each call of a
// client: when the call comes, and when the client has read the answer and the socket has room again, which nobody
// waits for. Here the poller has an epoll instance for the socket in the socket's place, and that one looks for what
// comes only.
//
// It starts no goroutines and no threads.
package stream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Conn is a connection. One goroutine may read and another one write at the same time. Everybody may close it.
type Conn struct {
	socket *os.File // blocks, which hides it from the poller: each call says that it does not wait
	use    syscall.RawConn
	comes  *os.File // epoll(7): there is something to read
	wait   syscall.RawConn
	in     message
	out    message

	mu     sync.Mutex // guards the fields below
	room   *os.File   // epoll(7): there is room to write; nil if nobody waits for that
	closed bool
}

// message is one read or write of the socket.
type message struct {
	bytes, oob []byte
	n, oobn    int
	flags      int
	err        error
	once       func(fd uintptr)      // does it
	again      func(fd uintptr) bool // the same, false if the socket is not ready
}

// Take takes a connection over, and closes the one that it gets. If there is an error, that one is the caller's still.
func Take(from *net.UnixConn) (*Conn, error) {
	raw, err := from.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	if ctl := raw.Control(func(old uintptr) {
		if fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			err = unix.SetNonblock(fd, false)
		}
	}); ctl != nil {
		return nil, ctl
	}
	if fd < 0 {
		return nil, fmt.Errorf("copy a socket: %w", err)
	}
	c := &Conn{socket: os.NewFile(uintptr(fd), "stream")}
	if err == nil {
		c.use, err = c.socket.SyscallConn()
	}
	if err == nil {
		c.comes, c.wait, err = watch(c.use, unix.EPOLLIN)
	}
	if err != nil {
		_ = c.socket.Close()
		return nil, err
	}
	c.in.once, c.out.once = c.receive, c.send
	c.in.again, c.out.again = c.retry(&c.in), c.retry(&c.out)
	_ = from.Close()
	return c, nil
}

// watch returns an epoll instance, which the poller has, that is ready when the socket is.
func watch(socket syscall.RawConn, events uint32) (*os.File, syscall.RawConn, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, nil, os.NewSyscallError("epoll_create1", err)
	}
	var add error
	ctl := socket.Control(func(s uintptr) {
		add = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(s), &unix.EpollEvent{Events: events})
	})
	err = errors.Join(ctl, os.NewSyscallError("epoll_ctl", add), os.NewSyscallError("fcntl", unix.SetNonblock(fd, true)))
	f := os.NewFile(uintptr(fd), "epoll") // the poller has it, since it does not block
	if err == nil {
		var raw syscall.RawConn
		if raw, err = f.SyscallConn(); err == nil {
			return f, raw, nil
		}
	}
	_ = f.Close()
	return nil, nil, err
}

// errNotYet says that the socket is not ready.
var errNotYet = errors.New("not yet")

// retry returns a function that does what m says, unless it would have to wait.
func (c *Conn) retry(m *message) func(uintptr) bool {
	return func(uintptr) bool {
		if err := c.use.Control(m.once); err != nil {
			m.err = err
		}
		return m.err != errNotYet //nolint:errorlint // it is never wrapped
	}
}

// receive is recvmsg(2), which package unix cannot do without memory for an address.
func (c *Conn) receive(fd uintptr) {
	m := &c.in
	iov := unix.Iovec{Base: unsafe.SliceData(m.bytes)}
	iov.SetLen(len(m.bytes))
	h := unix.Msghdr{Iov: &iov, Iovlen: 1, Control: unsafe.SliceData(m.oob)}
	h.SetControllen(len(m.oob))
	for {
		n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&h)), unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		switch errno {
		case 0:
			m.n, m.oobn, m.flags, m.err = int(n), int(h.Controllen), int(h.Flags), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			m.err = errNotYet
		default:
			m.err = errno
		}
		return
	}
}

func (c *Conn) send(fd uintptr) {
	m := &c.out
	for {
		m.n, m.err = unix.SendmsgN(int(fd), m.bytes, m.oob, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errors.Is(m.err, unix.EINTR) {
			continue
		}
		if errors.Is(m.err, unix.EAGAIN) {
			m.err = errNotYet
		}
		return
	}
}

// Read waits until there is something, and reads once: bytes, and the descriptors that came with them as messages
// (unix(7)), closed on exec. flags are those of recvmsg(2). It returns 0 bytes at the end, os.ErrDeadlineExceeded, or
// net.ErrClosed.
func (c *Conn) Read(b, oob []byte) (n, oobn, flags int, err error) {
	m := &c.in
	m.bytes, m.oob = b, oob
	if err := c.wait.Read(m.again); err != nil {
		return 0, 0, 0, c.fault(err)
	}
	m.bytes, m.oob = nil, nil
	if m.err != nil {
		return 0, 0, 0, c.fault(os.NewSyscallError("recvmsg", m.err))
	}
	return m.n, m.oobn, m.flags, nil
}

// Write writes all bytes, and sends the descriptor with the first one, unless it is nil. It returns
// os.ErrDeadlineExceeded if the other end has not made room for all after limit, and net.ErrClosed.
func (c *Conn) Write(b []byte, file *os.File, limit time.Duration) error {
	m := &c.out
	m.bytes, m.oob = b, nil
	defer func() { m.bytes, m.oob = nil, nil }()
	if file != nil {
		raw, err := file.SyscallConn()
		if err != nil {
			return err
		}
		var sent error
		err = raw.Control(func(fd uintptr) {
			m.oob = unix.UnixRights(int(fd))
			sent = c.writeAll(limit)
		})
		return errors.Join(err, sent)
	}
	return c.writeAll(limit)
}

func (c *Conn) writeAll(limit time.Duration) error {
	m := &c.out
	for len(m.bytes) > 0 {
		if !m.again(0) {
			return c.writeSlowly(time.Now().Add(limit))
		}
		if m.err != nil {
			return c.fault(os.NewSyscallError("sendmsg", m.err))
		}
		m.bytes, m.oob = m.bytes[m.n:], nil
	}
	return nil
}

// writeSlowly is for an end that has no room: somebody reads slowly.
func (c *Conn) writeSlowly(deadline time.Time) error {
	room, raw, err := watch(c.use, unix.EPOLLOUT)
	if err != nil {
		return c.fault(err)
	}
	defer c.await(nil)
	if !c.await(room) {
		return errors.Join(net.ErrClosed, room.Close())
	}
	if err := room.SetReadDeadline(deadline); err != nil {
		return c.fault(err)
	}
	for m := &c.out; len(m.bytes) > 0; m.bytes, m.oob = m.bytes[m.n:], nil {
		if err := raw.Read(m.again); err != nil {
			return c.fault(err)
		}
		if m.err != nil {
			return c.fault(os.NewSyscallError("sendmsg", m.err))
		}
	}
	return nil
}

// await closes what was waited for, and lets Close end the wait for another one. It returns false after Close.
func (c *Conn) await(room *os.File) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.room != nil {
		_ = c.room.Close() // which may be closed
	}
	c.room = nil
	if !c.closed {
		c.room = room
	}
	return !c.closed
}

// SetReadDeadline sets when a Read ends that waits. The zero value is never.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.comes.SetReadDeadline(t) }

// Close hangs up. Whoever reads or writes returns. It may be called again.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	if c.room != nil {
		_ = c.room.Close()
	}
	return errors.Join(c.comes.Close(), c.socket.Close())
}

// fault says net.ErrClosed of a connection that somebody has closed.
func (c *Conn) fault(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	return err
}
