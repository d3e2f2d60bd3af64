package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is the user's terminal while a console uses it. In raw mode every key goes to the container.
type terminal struct {
	fd    int
	saved *term.State
}

// terminalOf returns the terminal that a file is, nil if it is none.
func terminalOf(in io.Reader) *terminal {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &terminal{fd: int(f.Fd())}
}

func (t *terminal) raw() error {
	saved, err := term.MakeRaw(t.fd)
	if err == nil {
		t.saved = saved
	}
	return err
}

// restore puts the terminal back as it was.
func (t *terminal) restore() {
	if t.saved != nil {
		_ = term.Restore(t.fd, t.saved)
		t.saved = nil
	}
}

// size returns the size of the window, zeros if it is not known.
func (t *terminal) size() (rows, columns uint16) {
	width, height, err := term.GetSize(t.fd)
	if err != nil {
		return 0, 0
	}
	return uint16(height), uint16(width)
}

// resize gives another terminal the size of this one, if that is known.
func (t *terminal) resize(other *os.File) {
	rows, columns := t.size()
	if raw, err := other.SyscallConn(); err == nil && rows > 0 {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
		})
	}
}

// isTerminal reports whether what is written to w goes to a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// follow keeps the terminal right while signals come, until ctx ends: resized is called after each change of the
// window. A stop (SIGTSTP) gives the terminal back as it was, and takes it again when the process goes on.
func (t *terminal) follow(ctx context.Context, resized func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			switch s {
			case syscall.SIGTSTP:
				t.restore()
				_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			case syscall.SIGCONT:
				if t.saved == nil {
					_ = t.raw()
				}
			}
			resized()
		}
	}
}
