//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pty returns a new terminal: the side of the user, and the name of the program's.
func pty(t *testing.T) (master *os.File, name string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.SetNonblock(fd, true)
	master = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { _ = master.Close() })
	return master, fmt.Sprintf("/dev/pts/%d", n)
}

// TestConsoleTerminal: at a terminal every key but the escape key goes to the container, the window's size follows, and
// the terminal is as it was after every way out.
func TestConsoleTerminal(t *testing.T) {
	clean(t)
	g := script(t, "web", "stty -echo; echo ready; while read line; do echo \"got $line $(stty size)\"; done; exit 0")
	g.start(t)
	says(t, "web", "ready")
	for _, tc := range []struct {
		name   string
		escape string
		out    func(p *os.Process, master *os.File)
		status int
		after  string // that the user sees
	}{
		{"escape", "", func(_ *os.Process, m *os.File) { _, _ = m.WriteString("\x1d") }, 0, ""},
		{"another escape", "^a", func(_ *os.Process, m *os.File) { _, _ = m.WriteString("\x01") }, 0, ""},
		{"terminated", "", func(p *os.Process, _ *os.File) { _ = p.Signal(syscall.SIGTERM) }, 1, "error: interrupted"},
		{"hung up", "", func(p *os.Process, _ *os.File) { _ = p.Signal(syscall.SIGHUP) }, 1, "error: interrupted"},
		{"quit", "", func(p *os.Process, _ *os.File) { _ = p.Signal(syscall.SIGQUIT) }, 1, "error: interrupted"},
		{"the container ends", "", func(*os.Process, *os.File) { run(t, "berthctl", "destroy", "web") }, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			master, name := pty(t)
			tty, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer tty.Close()
			resize(t, tty, 31, 77)
			before := settings(t, tty)
			args := []string{"console", "web"}
			if tc.escape != "" {
				args = append(args, "--escape", tc.escape)
			}
			cmd := exec.Command("berthctl", args...)
			cmd.Env = append(os.Environ(), "NO_COLOR=1")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			seen := sees(t, master, "ready")
			if !strings.Contains(seen, "Connected to domain 'web'") {
				t.Errorf("the user saw %q", seen)
			}
			_, _ = master.WriteString("one\r")
			sees(t, master, "got one 31 77")
			resize(t, tty, 40, 100)
			eventually(t, func() error {
				_, _ = master.WriteString("two\r")
				if got := sees(t, master, "got two"); !strings.Contains(got, "40 100") {
					return errors.New("the size is not passed on: " + got)
				}
				return nil
			})
			if settings(t, tty).Lflag == before.Lflag {
				t.Error("the terminal is not raw")
			}
			tc.out(cmd.Process, master)
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != tc.status {
				t.Errorf("exit status %d", got)
			}
			if after := settings(t, tty); after != before {
				t.Errorf("the terminal has %+v, not %+v", after, before)
			}
			if tc.after != "" {
				sees(t, master, tc.after)
			}
		})
	}
}

// sees reads what the user sees until it ends with a text and the rest of its line.
func sees(t *testing.T, master *os.File, text string) string {
	t.Helper()
	_ = master.SetReadDeadline(time.Now().Add(patience))
	all, buf := "", make([]byte, 4096)
	for {
		if at := strings.Index(all, text); at >= 0 && strings.Contains(all[at:], "\n") {
			return all
		}
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("%v before %q in %q", err, text, all)
		}
		all += string(buf[:n])
	}
}

func resize(t *testing.T, tty *os.File, rows, columns uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		t.Fatal(err)
	}
}

func settings(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	got, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *got
}
