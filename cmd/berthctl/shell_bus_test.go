//go:build bus

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/test/bus"
)

// terminal is a pair of a terminal and its other end.
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { user.Close() })
	fd := int(user.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100})
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return user, program
}

// TestBusShell: berthctl alone on a terminal is a shell. The keys complete words and find what was typed before, an
// interrupt gives up a line only, and what was typed is kept for the next time, for the user alone.
func TestBusShell(t *testing.T) {
	b := bus.Start(t)
	clienttest.Serve(t, b.Connect(t), map[string]clienttest.Answer{
		"ListContainers":     replies([]client.Summary{{Name: "web", ID: 7, UUID: "6695", State: "running", Path: web}}),
		"GetContainerByName": replies(web),
		"Destroy":            replies(),
	})
	home := t.TempDir()
	for _, keys := range [][2]string{
		{"dest\tw\t\r", "Domain 'web' destroyed"},
		{"\x03\x1b[A\r", "Domain 'web' destroyed"}, // Ctrl-C, up
		{"\x12est\r", "Domain 'web' destroyed"},    // of the shell before
	} {
		user, program := terminal(t)
		cmd, _, _ := command(t, b.Address)
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME=", "TERM=xterm")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		program.Close()
		if err := user.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		seen := expect(t, user, "", "berthctl # ")
		if !strings.Contains(seen, "Welcome to berthctl") {
			t.Errorf("no welcome: %q", seen)
		}
		fmt.Fprint(user, keys[0])
		rest := expect(t, user, "", keys[1])
		expect(t, user, rest[strings.Index(rest, keys[1]):], "berthctl # ")
		fmt.Fprint(user, "\x04") // Ctrl-D
		if got := status(t, cmd.Wait()); got != 0 {
			t.Errorf("status %d", got)
		}
	}
	file := filepath.Join(home, ".cache/berthctl/history")
	text, err := os.ReadFile(file)
	if err != nil || string(text) != "destroy web \n" {
		t.Errorf("history %q, %v", text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// expect reads until a text appears, and returns all that it read.
func expect(t *testing.T, from *os.File, seen, text string) string {
	t.Helper()
	var all bytes.Buffer
	all.WriteString(seen)
	for buf := make([]byte, 4096); !strings.Contains(all.String(), text); {
		n, err := from.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v, before %q: %q", err, text, all.String())
		}
	}
	return all.String()
}
