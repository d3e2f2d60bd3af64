package wire

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// MaxPacket bounds one message: 340 id ranges twice, and mount sources for the rest.
const MaxPacket = 128 << 10

// MaxPlan bounds a packed plan, in bytes.
const MaxPlan = 4 << 20

// maxFDs is the kernel's SCM_MAX_FD.
const maxFDs = 253

// Conn is one end of a socket. Send and Recv may run at the same time, each from one goroutine.
type Conn struct {
	f      *os.File
	closed atomic.Bool // a raw read under way does not say os.ErrClosed by itself
}

// NewConn takes ownership of a connected SOCK_SEQPACKET socket.
func NewConn(fd int) (*Conn, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("wire: %w", err)
	}
	return &Conn{f: os.NewFile(uintptr(fd), "wire")}, nil
}

// Pair makes a connected pair: ours as a Conn, theirs as a blocking socket for a child.
func Pair() (ours *Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "wire")
	ours, err = NewConn(fds[0])
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// Close ends the connection; a Recv under way returns os.ErrClosed.
func (c *Conn) Close() error {
	c.closed.Store(true)
	return c.f.Close()
}

// HangUp says that nothing more will be sent. What the other side says can still be received.
func (c *Conn) HangUp() {
	if raw, err := c.f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) }) // else the other side has hung up
	}
}

// Send writes one message; the descriptors stay the caller's. After Close it is os.ErrClosed.
func (c *Conn) Send(m Message, fds ...*os.File) error {
	var rights []byte
	if len(fds) > 0 {
		if len(fds) > maxFDs {
			return fmt.Errorf("wire: %d descriptors in one message, at most %d", len(fds), maxFDs)
		}
		nums := make([]int, len(fds))
		for i, f := range fds {
			nums[i] = int(f.Fd())
		}
		rights = unix.UnixRights(nums...)
	}
	raw, err := c.f.SyscallConn()
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	packet := Encode(m)
	var serr error
	err = raw.Write(func(fd uintptr) bool {
		serr = unix.Sendmsg(int(fd), packet, rights, nil, unix.MSG_NOSIGNAL)
		return !errors.Is(serr, unix.EAGAIN) && !errors.Is(serr, unix.EINTR)
	})
	keepAlive(fds)
	if err = errors.Join(err, serr); err != nil {
		if c.closed.Load() {
			return os.ErrClosed
		}
		return fmt.Errorf("wire: send: %w", err)
	}
	return nil
}

// Recv reads one message and its descriptors, which become the caller's. It returns io.EOF when the other
// side has ended or hung up, and ErrUnreadable for a message that is to be passed over. It takes no more memory than the message has: the supervisor keeps none for the largest.
func (c *Conn) Recv() (Message, []*os.File, error) {
	var buf, oob []byte
	raw, err := c.f.SyscallConn()
	if err != nil {
		return nil, nil, fmt.Errorf("wire: %w", err)
	}
	var n, oobn, flags int
	var rerr error
	err = raw.Read(func(fd uintptr) bool {
		n, _, _, rerr = receive(int(fd), nil, nil, unix.MSG_PEEK|unix.MSG_TRUNC)
		if rerr == nil {
			buf, oob = make([]byte, min(n, MaxPacket)), make([]byte, unix.CmsgSpace(4*maxFDs))
			n, oobn, flags, rerr = receive(int(fd), buf, oob, unix.MSG_CMSG_CLOEXEC)
		}
		return !errors.Is(rerr, unix.EAGAIN) && !errors.Is(rerr, unix.EINTR)
	})
	if err = errors.Join(err, rerr); err != nil {
		if c.closed.Load() {
			return nil, nil, os.ErrClosed
		}
		return nil, nil, fmt.Errorf("wire: receive: %w", err)
	}
	fds, err := takeRights(oob[:oobn])
	if err != nil {
		return nil, nil, err
	}
	if n == 0 && flags&unix.MSG_CTRUNC == 0 {
		closeAll(fds)
		return nil, nil, io.EOF
	}
	if flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		closeAll(fds)
		return nil, nil, fmt.Errorf("%w: larger than its limit, or no room for its descriptors", ErrUnreadable)
	}
	m, err := Decode(buf[:n])
	if err != nil {
		closeAll(fds)
		return nil, nil, err
	}
	return m, fds, nil
}

// receive asks twice: when the other side ended with messages of ours unread, the kernel says
// ECONNRESET once, before it gives what that side said last.
func receive(fd int, p, oob []byte, flags int) (n, oobn, got int, err error) {
	n, oobn, got, _, err = unix.Recvmsg(fd, p, oob, flags)
	if errors.Is(err, unix.ECONNRESET) {
		n, oobn, got, _, err = unix.Recvmsg(fd, p, oob, flags)
	}
	return n, oobn, got, err
}

func takeRights(oob []byte) ([]*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("wire: control message: %w", err)
	}
	var files []*os.File
	for i := range msgs {
		nums, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue // not descriptors
		}
		for _, n := range nums {
			files = append(files, os.NewFile(uintptr(n), "passed"))
		}
	}
	return files, nil
}

func closeAll(fds []*os.File) {
	for _, f := range fds {
		_ = f.Close()
	}
}

func keepAlive(fds []*os.File) {
	for _, f := range fds {
		runtime.KeepAlive(f)
	}
}
