package peer

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

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
	began, err := start(uint32(os.Getpid()))
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
	if _, err := start(uint32(c.Process.Pid)); err == nil {
		t.Error("it has a start")
	}
}
