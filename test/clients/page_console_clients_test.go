//go:build clients

package clients

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a program on a terminal of its own, as a person has it.
type terminal struct {
	cmd    *exec.Cmd
	master *os.File
	mutex  sync.Mutex
	output bytes.Buffer
	ended  chan error
}

// onTerminal starts a line of shell on a new terminal. It ends with the test.
func onTerminal(t *testing.T, line string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	m := &terminal{cmd: exec.Command("bash", "-c", "exec "+line), master: master, ended: make(chan error, 1)}
	m.cmd.Stdin, m.cmd.Stdout, m.cmd.Stderr = slave, slave, slave
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.cmd.Process.Kill() })
	go func() { _, _ = io.Copy(m, master) }()
	go func() { m.ended <- m.cmd.Wait() }()
	return m
}

// Write keeps what the program prints.
func (m *terminal) Write(b []byte) (int, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.output.Write(b)
}

func (m *terminal) text() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return strings.ReplaceAll(m.output.String(), "\r", "")
}

// within waits a second at most until the program has printed a text.
func (m *terminal) within(text string) error {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(pulse) {
		if strings.Contains(m.text(), text) {
			return nil
		}
	}
	return fmt.Errorf("there is no %q in:\n%s", text, m.text())
}

// shows waits until the program has printed a text.
func (m *terminal) shows(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() error { return m.within(text) })
}

// types is a person at the keyboard.
func (m *terminal) types(t *testing.T, keys string) {
	t.Helper()
	if _, err := m.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the program's end and gives its exit status.
func (m *terminal) ends(t *testing.T) int {
	t.Helper()
	eventually(t, func() error {
		select {
		case err := <-m.ended:
			m.ended <- err
			return nil
		default:
			return fmt.Errorf("it goes on; it has printed:\n%s", m.text())
		}
	})
	return m.cmd.ProcessState.ExitCode()
}

// TestConsole: virsh console on a terminal shows what the container prints and takes what is typed, on each of its
// consoles, and its escape character ends it.
func TestConsole(t *testing.T) {
	host(t)
	define(t, "talker", "exec </dev/console >/dev/console; (exec </dev/tty2 >/dev/tty2; while read x; do echo second $x; done) & while read x; do echo first $x; done", "<console type='pty'/>")
	virsh(t, "start talker")
	for name, c := range map[string]struct{ options, word, answer string }{
		"the first":  {"", "one", "first one"},
		"by name":    {" --devname console0", "two", "first two"},
		"the second": {" --devname console1", "three", "second three"},
	} {
		t.Run(name, func(t *testing.T) {
			m := onTerminal(t, "virsh -c lxc:///system console talker"+c.options)
			m.shows(t, "Escape character is ^] (Ctrl + ])")
			// What is typed before virsh has its terminal is the shell's. What it reads at once with more is no escape.
			eventually(t, func() error {
				m.types(t, c.word+"\r")
				return m.within(c.answer)
			})
			m.types(t, "\x1d")
			if got := m.ends(t); got != 0 {
				t.Errorf("exit status %d", got)
			}
		})
	}
	t.Run("none of that name", func(t *testing.T) {
		m := onTerminal(t, "virsh -c lxc:///system console talker --devname console7")
		if got := m.ends(t); got != 1 {
			t.Errorf("exit status %d", got)
		}
		m.shows(t, "error: ")
	})
	t.Run("the container ends", func(t *testing.T) {
		m := onTerminal(t, "virsh -c lxc:///system console talker")
		eventually(t, func() error {
			m.types(t, "last\r")
			return m.within("first last")
		})
		virsh(t, "destroy talker")
		if got := m.ends(t); got != 0 {
			t.Errorf("exit status %d", got)
		}
	})
	t.Run("without a terminal", func(t *testing.T) {
		virsh(t, "start talker")
		r := try(t, "virsh", "-c", "lxc:///system", "console", "talker")
		if want := "error: Cannot run interactive console without a controlling TTY"; r.Status != 1 || r.Err != want {
			t.Errorf("got %d, %q, want 1, %q", r.Status, r.Err, want)
		}
	})
}
