package wire

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestHasRoom: a connection has room until the other side has left a quarter of it unread, and again when that has
// read. The rest is for messages that cannot wait.
func TestHasRoom(t *testing.T) {
	t.Parallel()
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	defer func() { _ = theirs.Close() }()
	fd, err := unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewConn(fd)
	if err != nil {
		t.Fatal(err)
	}
	m := &Notified{Status: string(make([]byte, MaxStatus))}
	sent := 0
	for ; ours.HasRoom(); sent++ {
		if err := ours.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * sent { // they do not wait
		if err := ours.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 * sent {
		if ours.HasRoom() {
			break
		}
		if _, _, err := other.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	if !ours.HasRoom() || sent < 2 {
		t.Errorf("after %d messages: %v", sent, ours.HasRoom())
	}
	_, _ = other.Close(), theirs.Close()
	if !ours.HasRoom() {
		t.Error("a Send to one who is gone would wait")
	}
}
