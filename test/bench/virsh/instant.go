package virsh

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// instant is a daemon that does nothing: it repeats the answers that another one gave to the same calls, from one
// thread that waits in read(2). So it shows what virsh, the kernel and Go's way to wait take together, with no work for
// the daemon.
type instant struct {
	listener *net.UnixListener
	behind   string // the socket of the other daemon
	answers  map[string][]byte
	failed   chan error // of the first connection that went wrong
}

const (
	instantPeer   = "instant"
	instantSocket = "/run/bench/instant.sock"
	instantURI    = "lxc+unix:///system?socket=" + instantSocket
	serialAt      = 20 // where in a packet its serial is
)

func startInstant(ctx context.Context, socket, behind string) (*instant, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	i := &instant{listener: listener.(*net.UnixListener), behind: behind, answers: map[string][]byte{}, failed: make(chan error, 1)}
	go i.serve()
	return i, nil
}

func (i *instant) serve() {
	runtime.LockOSThread()
	for {
		conn, err := i.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			err = i.answer(conn)
		}
		if err != nil {
			select {
			case i.failed <- err:
			default:
			}
		}
	}
}

// answer serves a client until it goes. Calls that are new are answered by the other daemon.
func (i *instant) answer(conn *net.UnixConn) error {
	file, err := conn.File()
	_ = conn.Close()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	fd := int(file.Fd())
	if err := unix.SetNonblock(fd, false); err != nil {
		return err
	}
	var other *os.File
	defer func() { _ = other.Close() }()
	var buf []byte
	for {
		if buf, err = packet(fd, buf); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		key := string(buf[4:serialAt]) + string(buf[serialAt+4:])
		answer, known := i.answers[key]
		if !known {
			if other == nil {
				if other, err = blocking(i.behind); err != nil {
					return err
				}
			}
			if err := write(int(other.Fd()), buf); err != nil {
				return err
			}
			if answer, err = packet(int(other.Fd()), nil); err != nil {
				return fmt.Errorf("the daemon behind: %w", err)
			}
			i.answers[key] = answer
		}
		copy(answer[serialAt:], buf[serialAt:serialAt+4])
		if err := write(fd, answer); err != nil {
			return err
		}
	}
}

func (i *instant) close() error {
	if i == nil {
		return nil
	}
	err := i.listener.Close()
	select {
	case failed := <-i.failed:
		err = errors.Join(err, failed)
	default:
	}
	return err
}

// blocking connects to a socket, for a thread that waits in read(2).
func blocking(socket string) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: socket}); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), socket), nil
}

// packet reads a packet into a buffer, which it returns. A client waits for each answer, so that no more comes at once.
func packet(fd int, buf []byte) ([]byte, error) {
	if cap(buf) < 4096 {
		buf = make([]byte, 4096)
	}
	buf = buf[:cap(buf)]
	for n := 0; ; {
		if n >= 4 {
			length := int(binary.BigEndian.Uint32(buf))
			if length < headSize || length > longest {
				return nil, fmt.Errorf("a packet of %d bytes", length)
			}
			if n >= length {
				return buf[:length], nil
			}
			if length > len(buf) {
				buf = append(make([]byte, 0, length), buf[:n]...)[:length]
			}
		}
		more, err := unix.Read(fd, buf[n:])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, err
		case more == 0:
			return nil, io.EOF
		default:
			n += more
		}
	}
}

func write(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}
