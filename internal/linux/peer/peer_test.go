package peer

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// connectVariable has the test program only connect to a socket, and end.
const connectVariable = "BERTH_TEST_CONNECT"

func TestMain(m *testing.M) {
	path := os.Getenv(connectVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	if _, err := net.Dial("unix", path); err != nil {
		os.Exit(1)
	}
}

// TestOf: a connection names the process that made it, its user, and when it began.
func TestOf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ours, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	p, err := Of(conn.(*net.UnixConn))
	if err != nil {
		t.Fatal(err)
	}
	began, err := start(uint32(os.Getpid()), nil)
	if err != nil || p != (Process{uint32(os.Getpid()), uint32(os.Getuid()), began}) || began == 0 {
		t.Errorf("got %+v, %v", p, err)
	}
}

// TestEnded: a process that is gone has no start.
func TestEnded(t *testing.T) {
	t.Parallel()
	c := exec.CommandContext(t.Context(), "true")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := start(uint32(c.Process.Pid), nil); err == nil {
		t.Error("it has a start")
	}
}

// TestOtherUser: where only its number names a process, one of another user is not taken for it.
func TestOtherUser(t *testing.T) {
	t.Parallel()
	ours := uint32(os.Getuid())
	other := ours + 1
	if _, err := start(uint32(os.Getpid()), &ours); err != nil {
		t.Error(err)
	}
	if _, err := start(uint32(os.Getpid()), &other); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("of another user: %v", err)
	}
}

// TestPeerEnded: who has connected and ended is nobody, also while another process has the connection.
func TestPeerEnded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), connectVariable+"="+path)
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if p, err := Of(conn); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %+v, %v", p, err)
	}
}
