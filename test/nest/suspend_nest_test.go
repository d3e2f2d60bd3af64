//go:build nest

package nest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSuspendedTerminal: `exec` and `console` give the terminal back as it was while they are suspended. When they go
// on it is raw again, whatever a shell has made of it, and the command has the window's size.
func TestSuspendedTerminal(t *testing.T) {
	clean(t)
	const answers = `stty -echo; echo ready; while read line; do echo "got $line $(stty size)"; done`
	script(t, "web", answers).start(t)
	says(t, "web", "ready")
	for name, args := range map[string][]string{"exec": {"exec", "web", "sh", "-c", answers}, "console": {"console", "web"}} {
		t.Run(name, func(t *testing.T) {
			master, name := pty(t)
			tty, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer tty.Close()
			resize(t, tty, 31, 77)
			before := settings(t, tty)
			cmd := exec.Command("berthctl", args...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Signal(syscall.SIGCONT)
				_ = cmd.Process.Signal(syscall.SIGTERM)
				_ = cmd.Wait()
				if after := settings(t, tty); after != before {
					t.Errorf("the terminal has %+v, not %+v", after, before)
				}
			}()
			sees(t, master, "ready")
			for i, stop := range []syscall.Signal{syscall.SIGTSTP, syscall.SIGSTOP} {
				_ = cmd.Process.Signal(stop)
				eventually(t, func() error { return is(stateOf(t, cmd.Process.Pid), "T (stopped)") })
				if stop == syscall.SIGTSTP && settings(t, tty) != before {
					t.Error("while it is suspended the terminal is not as it was")
				}
				if err := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, &before); err != nil { // as a shell does
					t.Fatal(err)
				}
				rows := uint16(40 + i)
				resize(t, tty, rows, 100)
				_ = cmd.Process.Signal(syscall.SIGCONT)
				eventually(t, func() error {
					if settings(t, tty).Lflag == before.Lflag {
						return fmt.Errorf("after %v the terminal is not raw again", stop)
					}
					_, _ = master.WriteString("line\r")
					if got := sees(t, master, "got line"); !strings.Contains(got, fmt.Sprintf("%d 100", rows)) {
						return fmt.Errorf("after %v the size is not passed on: %s", stop, got)
					}
					return nil
				})
			}
		})
	}
}

// stateOf is the state of a process, as ps(1) has it.
func stateOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "State:\t")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
