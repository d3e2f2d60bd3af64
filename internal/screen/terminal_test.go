package screen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// childVariable makes the test binary the program on a terminal.
const childVariable = "BERTH_SCREEN_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "panic":
		work := make(chan func())
		go func() { work <- func() { panic("as the test wants it") } }()
		_ = Run(context.Background(), &page{}, work)
	case "context":
		ctx, cancel := context.WithCancelCause(context.Background())
		work := make(chan func())
		go func() { work <- func() { cancel(errors.New("enough")) } }()
		fmt.Fprintln(os.Stderr, Run(ctx, &page{}, work))
	}
}

// terminal returns a terminal: the side of the user, and that of the program.
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	user = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { _ = user.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return user, program
}

// TestTerminalIsGivenBack: after a panic, and after the end of the context, the terminal has its settings again and
// shows what it did before, and the user can read why.
func TestTerminalIsGivenBack(t *testing.T) {
	t.Parallel()
	for child, reason := range map[string]string{"panic": "panic: as the test wants it", "context": "enough"} {
		t.Run(child, func(t *testing.T) {
			t.Parallel()
			user, program := terminal(t)
			settings := func() unix.Termios {
				got, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
				if err != nil {
					t.Fatal(err)
				}
				return *got
			}
			before := settings()
			var seen strings.Builder
			read := make(chan struct{})
			go func() {
				defer close(read)
				buf := make([]byte, 4096)
				for {
					n, err := user.Read(buf)
					seen.Write(buf[:n])
					if err != nil {
						return
					}
				}
			}()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childVariable+"="+child, "TERM=xterm")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			err := cmd.Run()
			if (err != nil) != (child == "panic") {
				t.Error(err)
			}
			if after := settings(); after != before {
				t.Errorf("the terminal has %+v, and had %+v", after, before)
			}
			_ = program.Close()
			<-read
			const begin, end = "\x1b[?1049h", "\x1b[?1049l"
			text := seen.String()
			if strings.Count(text, begin) != 1 || strings.Count(text, end) != 1 || !strings.Contains(text[strings.Index(text, end):], reason) {
				t.Errorf("the user saw %q", text)
			}
		})
	}
}
