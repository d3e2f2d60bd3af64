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

// console reads one terminal for ever, so that no process of the container blocks on its output.
type console struct {
	master *os.File
	peer   *os.File // the terminal side, held open so that the terminal never hangs up
	done   chan struct{}
	clients
}

// addConsoles takes over the terminals that the init stage opened: master and terminal side in turn.
func (s *supervisor) addConsoles(files []*os.File) error {
	if len(files)%2 != 0 {
		return fmt.Errorf("%d console descriptors", len(files))
	}
	for i := 0; i < len(files); i += 2 {
		c, err := newConsole(files[i], files[i+1], wire.ConsoleFile(i/2))
		if err != nil {
			return err
		}
		c.journal = s.journal.of(i / 2)
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
	// A new os.File: the runtime polls only a descriptor that is non-blocking when the os.File is made.
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
		done:   make(chan struct{}),

		clients: clients{ring: ring.NewRing(f), taken: make(chan struct{}, 1), patience: patience},
	}, nil
}

// resize sets the size of the terminal's window. The kernel tells the container's processes.
func (c *console) resize(rows, columns uint16) {
	if rows == 0 || columns == 0 {
		return
	}
	raw, err := c.master.SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
		})
	}
}

func (c *console) drain() {
	defer close(c.done)
	buf := make([]byte, 4<<10)
	for {
		n, err := c.master.Read(buf)
		if n > 0 {
			c.write(buf[:n])
		}
		if err != nil && !errors.Is(err, syscall.EAGAIN) {
			return
		}
	}
}

// finish reads the rest of the output after the last process has ended. drain ends by itself once the terminal
// side is closed.
func (c *console) finish() {
	_ = c.peer.Close()
	// A second at most: a process outside the container may hold the terminal open.
	_ = c.master.SetReadDeadline(time.Now().Add(time.Second))
	<-c.done
	_ = c.master.Close()
	c.journal.end()
}
