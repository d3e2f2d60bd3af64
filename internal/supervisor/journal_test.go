package supervisor

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// journald is a socket in journald's place.
func journald(t *testing.T) (fd int, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "journal") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd); _ = os.RemoveAll(dir) })
	path = dir + "/socket"
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	return fd, path
}

// entries are the datagrams that came.
func entries(t *testing.T, fd int) (list []string) {
	t.Helper()
	for buf := make([]byte, 2*maxLine); ; {
		n, err := unix.Read(fd, buf)
		if err != nil {
			return list
		}
		list = append(list, string(buf[:n]))
	}
}

// TestJournal: each line of output is an entry with its fields, however it is written; a long line is several, an
// empty one is none.
func TestJournal(t *testing.T) {
	t.Parallel()
	fd, path := journald(t)
	j := newJournal(fd, path, []string{"A=b", "C=d"})
	long := strings.Repeat("x", maxLine)
	for _, part := range []string{"one\r\ntw", "o\r\n\r\n\n", long + "yz\r", "\nthe r", "est"} {
		j.write([]byte(part))
	}
	j.end()
	var want []string
	for _, line := range []string{"one", "two", long, "yz", "the rest"} {
		want = append(want, "A=b\nC=d\nMESSAGE="+line+"\n")
	}
	if got := entries(t, fd); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %.200q, want %.200q", got, want)
	}
	var none *journal
	none.write([]byte("x\n"))
	none.end()
}

// TestJournalHasNoRoom: lines for which journald has no room are lost and counted, and nobody waits.
func TestJournalHasNoRoom(t *testing.T) {
	t.Parallel()
	fd, path := journald(t)
	j := newJournal(fd, path, nil)
	const lines = 5000
	for i := range lines {
		j.write(fmt.Appendf(nil, "%d\r\n", i))
	}
	if j.lost == 0 {
		t.Fatal("all lines had room")
	}
	lost := j.lost
	got := len(entries(t, fd))
	j.write([]byte("last\n"))
	want := []string{fmt.Sprintf("MESSAGE=%d lines of output were lost: the journal had no room\n", lost), "MESSAGE=last\n"}
	if last := entries(t, fd); got+lost != lines || fmt.Sprint(last) != fmt.Sprint(want) || j.lost != 0 {
		t.Errorf("%d lines came, %d were lost; then %q", got, lost, last)
	}
}

// TestJournals: only the consoles of the definition have a journal.
func TestJournals(t *testing.T) {
	t.Parallel()
	s := journals{consoles: []uint32{1}, fields: []string{"A=b"}}
	if s.of(0) != nil || s.open {
		t.Error("console 0 has a journal")
	}
	j := s.of(1)
	if j == nil || string(j.packet) != "A=b\nCONTAINER_CONSOLE=console1\nMESSAGE=" {
		t.Fatalf("console 1: %+v", j)
	}
	_ = unix.Close(s.fd)
}
