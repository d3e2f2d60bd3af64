package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/fdroom"
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

// TestConnRefusesWhatIsTooLarge: a message beyond the limit is not sent, or is unreadable, and the next one is
// read.
func TestConnRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for size, ok := range map[int]bool{MaxPacket - 100: true, MaxPacket + 1: false} {
		large := &Prepare{Join: []string{strings.Repeat("x", size)}}
		if err := a.Send(large); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "the limit is") {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if !ok {
			sendRaw(t, a, string(Encode(large)))
		}
		if m, _, err := b.Recv(); (err == nil) != ok || err != nil && !errors.Is(err, ErrUnreadable) {
			t.Errorf("%d bytes: %T, %v", size, m, err)
		}
		goesOn(t, a, b)
	}
}

// TestConnPassesOver: a message of a type that is not known, or cut within a value, is unreadable. Its
// descriptors are closed, and the next message is read.
func TestConnPassesOver(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	for _, packet := range []string{"\xc8 of tomorrow", "\xc8", string([]byte{byte(TypeBorn), 1})} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		sendRaw(t, a, packet, w)
		_ = w.Close()
		if m, files, err := b.Recv(); m != nil || files != nil || !errors.Is(err, ErrUnreadable) {
			t.Errorf("%q: %v, %v, %v", packet, m, files, err)
		}
		if _, err := io.ReadAll(r); err != nil { // it would wait for a writer that is left
			t.Error(err)
		}
		_ = r.Close()
		goesOn(t, a, b)
	}
}

// goesOn checks that the next message arrives.
func goesOn(t *testing.T, a, b *Conn) {
	t.Helper()
	if err := a.Send(&Born{PID: 7}); err != nil {
		t.Fatal(err)
	}
	m, files, err := b.Recv()
	if born, ok := m.(*Born); err != nil || !ok || born.PID != 7 || len(files) > 0 {
		t.Errorf("the next message is %v with %d files, %v", m, len(files), err)
	}
}

// sendRaw sends a packet that no version of today writes.
func sendRaw(t *testing.T, c *Conn, packet string, files ...*os.File) {
	t.Helper()
	raw, err := c.f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var rights []byte
	for _, f := range files {
		rights = append(rights, unix.UnixRights(int(f.Fd()))...)
	}
	var serr error
	err = raw.Write(func(fd uintptr) bool {
		serr = unix.Sendmsg(int(fd), []byte(packet), rights, nil, unix.MSG_NOSIGNAL)
		return !errors.Is(serr, unix.EAGAIN)
	})
	if err := errors.Join(err, serr); err != nil {
		t.Fatal(err)
	}
}

// TestConnWithoutRoom: a message whose descriptors find no room is unreadable, those that found room are closed,
// and the next message is read. The limit is the whole process's, so this test does not run beside others.
func TestConnWithoutRoom(t *testing.T) {
	a, b := pair(t)
	for room := range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		before := openFiles(t)
		if err := a.Send(&Born{PID: 1}, w, w, w); err != nil {
			t.Fatal(err)
		}
		restore := fdroom.Leave(t, room)
		m, files, err := b.Recv()
		restore()
		if born, ok := m.(*Born); !ok || born.PID != 1 || files != nil || !errors.Is(err, ErrDescriptors) || !errors.Is(err, ErrUnreadable) || !errors.Is(err, unix.EMFILE) {
			t.Errorf("room for %d: %v, %v, %v", room, m, files, err)
		}
		if after := openFiles(t); after != before {
			t.Errorf("room for %d: %d descriptors became %d", room, before, after)
		}
		_, _ = r.Close(), w.Close()
		goesOn(t, a, b)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestConnHangUp: a side that hangs up can hear the other side still, which is told of the end.
func TestConnHangUp(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	if err := a.Send(&Continue{}); err != nil {
		t.Fatal(err)
	}
	a.HangUp()
	m, _, err := b.Recv()
	if _, ok := m.(*Continue); !ok || err != nil {
		t.Errorf("the last message: %v, %v", m, err)
	}
	for range 2 {
		if _, _, err := b.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("after it: %v", err)
		}
	}
	if err := a.Send(&Continue{}); !errors.Is(err, unix.EPIPE) {
		t.Errorf("send after the hang-up: %v", err)
	}
	if err := b.Send(&Failed{Stage: "root"}); err != nil {
		t.Errorf("the other side: %v", err)
	}
	_ = b.Close()
	if m, _, err := a.Recv(); err != nil || m.kind() != TypeFailed {
		t.Errorf("heard: %v, %v", m, err)
	}
	if _, _, err := a.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("its end: %v", err)
	}
	a.HangUp() // nobody is there any more
	_ = a.Close()
	a.HangUp()
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

// TestSendWithin: a Send to a side that reads nothing ends with its context, and so does one that waits behind it. When
// there is room again, the messages that were sent are there, whole and in order, and the next one can be sent.
func TestSendWithin(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	big := &Exec{Request: 1, Argv: []string{strings.Repeat("x", MaxPacket-1000)}}
	sent := 0
	for full := 0; full < 3; { // once can be a busy machine
		ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, io.ErrNoProgress)
		err := a.SendWithin(ctx, big)
		cancel()
		if errors.Is(err, io.ErrNoProgress) {
			full++
			continue
		}
		if full, sent = 0, sent+1; err != nil || sent > 1000 {
			t.Fatalf("message %d: %v", sent, err)
		}
	}
	first, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.SendWithin(first, big) }()
	ctx, cancelSecond := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelSecond()
	if err := a.SendWithin(ctx, &Running{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second one at once: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the first one: %v", err)
	}
	for i := range sent {
		if m, _, err := b.Recv(); err != nil || len(m.(*Exec).Argv[0]) != MaxPacket-1000 {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if err := a.Send(&Running{}); err != nil {
		t.Error(err)
	}
	if m, _, err := b.Recv(); err != nil || *m.(*Running) != (Running{}) {
		t.Errorf("%v, %v", m, err)
	}
}
