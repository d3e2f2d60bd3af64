package supervisor

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	ring "github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/internal/wire"
)

// console drains one terminal for ever, so that no process of the container blocks on output that
// nobody reads.
type console struct {
	master *os.File
	peer   *os.File // held so that the terminal never hangs up
	ring   *ring.Ring
	done   chan struct{}
}

// adopt takes the terminals that the init stage opened: master and terminal side in turn.
func (s *supervisor) adopt(files []*os.File) error {
	if len(files)%2 != 0 {
		return fmt.Errorf("%d console descriptors", len(files))
	}
	for i := 0; i < len(files); i += 2 {
		c, err := newConsole(files[i], files[i+1], wire.ConsoleFile(i/2))
		if err != nil {
			return err
		}
		s.consoles = append(s.consoles, c)
		go c.drain()
	}
	return nil
}

func newConsole(master, peer *os.File, name string) (*console, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	// A fresh file object on the same descriptor number: only a non-blocking one is polled.
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	_ = master.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	return &console{
		master: os.NewFile(uintptr(fd), name),
		peer:   peer,
		ring:   ring.NewRing(f),
		done:   make(chan struct{}),
	}, nil
}

func (c *console) drain() {
	defer close(c.done)
	buf := make([]byte, 4<<10)
	for {
		n, err := c.master.Read(buf)
		if n > 0 {
			// A full disk loses output, never blocks the container.
			_, _ = c.ring.Write(buf[:n])
		}
		if err != nil && !errors.Is(err, syscall.EAGAIN) {
			return
		}
	}
}

// finish takes what is still in the terminal after the last process has gone: with the terminal
// side closed the read comes to its end by itself.
func (c *console) finish() {
	_ = c.peer.Close()
	// Bounded: somebody outside the container may hold its terminal open.
	_ = c.master.SetReadDeadline(time.Now().Add(time.Second))
	<-c.done
	_ = c.master.Close()
}
