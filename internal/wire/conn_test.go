package wire

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func pair(t *testing.T) (a, b *Conn) {
	t.Helper()
	a, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	b, err = NewConn(fd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(); _ = b.Close() })
	return a, b
}

// TestConnPassesDescriptors: a descriptor arrives with its message and is closed on exec.
func TestConnPassesDescriptors(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if err := a.Send(&Born{PID: 1}, w); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	m, files, err := b.Recv()
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %d files, %v", m, len(files), err)
	}
	flags, err := unix.FcntlInt(files[0].Fd(), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %#x, %v: not close-on-exec", flags, err)
	}
	if _, err := files[0].WriteString("through"); err != nil {
		t.Fatal(err)
	}
	_ = files[0].Close()
	if text, err := io.ReadAll(r); string(text) != "through" {
		t.Errorf("read %q, %v", text, err)
	}
}

// TestConnEnds: the last message arrives, and io.EOF comes after it.
func TestConnEnds(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	if err := a.Send(&Running{}); err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
	if _, _, err := b.Recv(); err != nil {
		t.Errorf("the last message was lost: %v", err)
	}
	if _, _, err := b.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("end: %v", err)
	}
	if err := b.Send(&Running{}); !errors.Is(err, unix.EPIPE) {
		t.Errorf("send to nobody: %v", err)
	}
}

// TestConnEndsWithUnreadMessages: the last words of a side that ends before it has read all arrive,
// although the kernel resets the connection.
func TestConnEndsWithUnreadMessages(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	if err := b.Send(&Placed{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.Send(&Failed{Stage: "init", Text: "no such file"}); err != nil {
			t.Fatal(err)
		}
	}
	_ = a.Close()
	for range 2 {
		if m, _, err := b.Recv(); err != nil {
			t.Errorf("last words: %v, %v", m, err)
		}
	}
	if _, _, err := b.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("end: %v", err)
	}
}

// TestConnRefusesWhatIsTooLarge: a message beyond the limit is an error of the reader.
func TestConnRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for size, ok := range map[int]bool{MaxPacket - 100: true, MaxPacket + 1: false} {
		if err := a.Send(&Failed{Text: strings.Repeat("x", size)}); err != nil {
			t.Fatal(err)
		}
		if m, _, err := b.Recv(); (err == nil) != ok {
			t.Errorf("%d bytes: %T, %v", size, m, err)
		}
	}
}

// TestConnCloseWakesReader: a close ends a read that waits.
func TestConnCloseWakesReader(t *testing.T) {
	t.Parallel()
	a, _ := pair(t)
	done := make(chan error, 1)
	go func() {
		_, _, err := a.Recv()
		done <- err
	}()
	_ = a.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("reader: %v", err)
	}
	if err := a.Send(&Running{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("writer: %v", err)
	}
}
