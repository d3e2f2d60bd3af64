package cli

import (
	"fmt"
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

// use makes the terminal raw, and keeps it so until the caller calls done: then it is as it was. resized is called at
// once and after each change of the window.
func (t *terminal) use(resized func()) (done func(), err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT) // before it is raw
	if err := t.raw(); err != nil {
		signal.Stop(signals)
		return nil, fmt.Errorf("terminal: %w", err)
	}
	resized()
	stop, followed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(followed)
		t.follow(signals, stop, resized)
	}()
	return func() { // in this order: nobody makes it raw again
		signal.Stop(signals)
		close(stop)
		<-followed
		t.restore()
	}, nil
}

func (t *terminal) raw() error {
	was, err := term.MakeRaw(t.fd)
	if err == nil && t.saved == nil {
		t.saved = was
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

// follow keeps the terminal right while signals come, until stop is closed. A stop (SIGTSTP) gives the terminal back as
// it was, and takes it again when the process goes on.
func (t *terminal) follow(signals <-chan os.Signal, stop <-chan struct{}, resized func()) {
	for {
		select {
		case <-stop:
			return
		case s := <-signals:
			switch s {
			case syscall.SIGTSTP:
				t.restore()
				_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			case syscall.SIGCONT:
				_ = t.raw() // also after SIGSTOP: a shell has made it its own meanwhile
			}
			resized()
		}
	}
}
