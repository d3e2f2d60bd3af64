//go:build nest

package launch_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// TestPrepareOfAnotherVersion: a supervisor refuses a Prepare of another version than its own with words that say
// what to do, and that of release 0.1.0, which had no version, as unreadable.
func TestPrepareOfAnotherVersion(t *testing.T) {
	old, err := os.ReadFile("../wire/testdata/0.1.0/prepare.bin")
	if err != nil {
		t.Fatal(err)
	}
	const restart = "berthd is of another release than its supervisor, restart berthd"
	for name, c := range map[string]struct {
		packet []byte
		want   string
	}{
		"newer":   {append(wire.Encode(&wire.Prepare{Version: wire.Version + 1}), "and more"...), restart},
		"older":   {wire.Encode(&wire.Prepare{Version: wire.Version - 1}), restart},
		"release": {old, wire.ErrUnreadable.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			m := answer(t, c.packet)
			failed, ok := m.(*wire.Failed)
			if !ok || !strings.Contains(failed.Text, c.want) {
				t.Errorf("it said %#v, want %q", m, c.want)
			}
		})
	}
}

// answer gives what a supervisor says to its first message, before it ends.
func answer(t *testing.T, packet []byte) wire.Message {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "theirs")
	cmd := exec.Command(program, "box")
	cmd.Args[0], cmd.ExtraFiles = "berth-supervisor", []*os.File{theirs, file}
	err = cmd.Start()
	_, _ = theirs.Close(), file.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Send(fds[0], packet, 0); err != nil {
		t.Fatal(err)
	}
	conn, err := wire.NewConn(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m, _, err := conn.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if nothing were wrong")
	}
	return m
}

// TestNewerDaemon: a supervisor passes over an order that it does not know, understands a known one to which a newer
// version has added something, and serves its next daemon as before.
func TestNewerDaemon(t *testing.T) {
	b := newBox(t, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done")
	s := b.run(t)
	b.says(t, "ready")
	leave(t, s)
	newer := dial(t, b.runDir)
	for _, packet := range []string{"\xc8 an order of tomorrow", "\xc9", string(wire.Encode(&wire.Placed{})) + "and more"} {
		if err := unix.Send(newer, []byte(packet), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Close(newer); err != nil {
		t.Fatal(err)
	}
	next, presence, err := b.supervisors.Attach(limited(t), b.runDir)
	if presence != service.Alive || err != nil || next.Leader() != s.Leader() {
		t.Fatalf("attach: %v, %v", presence, err)
	}
	_ = next.Close()
	newer = dial(t, b.runDir)
	defer func() { _ = unix.Close(newer) }()
	if err := unix.Send(newer, append(wire.Encode(&wire.Terminate{}), "politely"...), 0); err != nil {
		t.Fatal(err)
	}
	over(t, s)
	if end, found, err := b.supervisors.Exit(b.runDir); end != exited(5) || !found || err != nil {
		t.Errorf("it ended with %+v, %v, %v", end, found, err)
	}
}

// dial connects to a supervisor as a daemon does.
func dial(t *testing.T, runDir string) (fd int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	settled(t, func() error {
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: filepath.Join(runDir, wire.SocketFile)})
		if errors.Is(err, unix.EISCONN) {
			return nil
		}
		return err
	})
	return fd
}
