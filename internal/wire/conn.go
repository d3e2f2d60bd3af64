package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// MaxPacket is the largest message, in bytes. It has room for twice 340 id ranges; the rest is for mount
// sources, which come in a file if they need more (Prepare.TakeApart).
const MaxPacket = 128 << 10

// MaxPlan is the largest packed plan, in bytes.
const MaxPlan = 4 << 20

// maxFDs is the kernel's SCM_MAX_FD.
const maxFDs = 253

// Conn is one end of a socket. Any number of Sends and one Recv may run at the same time.
type Conn struct {
	f       *os.File
	closed  atomic.Bool   // a raw read that is interrupted by Close does not return os.ErrClosed itself
	sending chan struct{} // one slot, for the Send that is at it: a write deadline is the whole file's
}

// NewConn takes ownership of a connected SOCK_SEQPACKET socket.
func NewConn(fd int) (*Conn, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("wire: %w", err)
	}
	return &Conn{f: os.NewFile(uintptr(fd), "wire"), sending: make(chan struct{}, 1)}, nil
}

// Pair returns a connected pair: ours as a Conn, theirs as a blocking socket for a child.
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

// Close closes the connection. A Recv that waits returns os.ErrClosed.
func (c *Conn) Close() error {
	c.closed.Store(true)
	return c.f.Close()
}

// HangUp tells the other side that this side will send nothing more. Its messages can still be received.
func (c *Conn) HangUp() {
	if raw, err := c.f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) }) // fails only after the other side's hang-up
	}
}

// Send sends one message, however long the other side leaves no room for it. The caller still has to close the
// descriptors. It returns os.ErrClosed after Close.
func (c *Conn) Send(m Message, fds ...*os.File) error {
	c.sending <- struct{}{}
	defer func() { <-c.sending }()
	return c.send(m, fds)
}

// SendWithin is Send that ends with ctx. Then it returns ctx's cause, and has sent nothing.
func (c *Conn) SendWithin(ctx context.Context, m Message, fds ...*os.File) error {
	select {
	case c.sending <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-c.sending }()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = c.f.SetWriteDeadline(time.Now()) // fails only after Close, which ends the write, too
	})
	err := c.send(m, fds)
	if !stop() {
		<-interrupted
		_ = c.f.SetWriteDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

func (c *Conn) send(m Message, fds []*os.File) error {
	var rights []byte
	if len(fds) > 0 {
		if len(fds) > maxFDs {
			return fmt.Errorf("wire: a message with %d descriptors; the limit is %d", len(fds), maxFDs)
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
	if len(packet) > MaxPacket { // the other side would only say that it cannot read it
		return fmt.Errorf("wire: a message with %d bytes; the limit is %d", len(packet), MaxPacket)
	}
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

// Recv receives one message and its descriptors. The caller must close those. It returns io.EOF if the other
// side has ended or hung up, ErrUnreadable if the message must be skipped, and os.ErrClosed after Close. With
// ErrDescriptors comes the message without its descriptors, if it can be read, so that who waits for it can be told. It
// allocates only the memory that the message needs: the supervisor must stay small.
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
	switch {
	case flags&unix.MSG_TRUNC != 0:
		closeAll(fds)
		return nil, nil, fmt.Errorf("%w: larger than its limit", ErrUnreadable)
	}
	m, err := Decode(buf[:n])
	if flags&unix.MSG_CTRUNC != 0 {
		why := whyLost()
		closeAll(fds)
		return m, nil, why
	}
	if err != nil {
		closeAll(fds)
		return nil, nil, err
	}
	return m, fds, nil
}

// whyLost returns the ErrDescriptors of a message that has just lost some. Only now the process knows whether it had
// room.
func whyLost() error {
	fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
		return fmt.Errorf("%w: a security module keeps one from this process; see \"ausearch -m avc\"", ErrDescriptors)
	}
	return fmt.Errorf("%w: %w", ErrDescriptors, err)
}

// receive is recvmsg(2), tried again once after ECONNRESET. The kernel returns that once if the other side
// ended without reading all our messages. The last messages of the other side come after it.
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
