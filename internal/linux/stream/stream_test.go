package stream

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair returns a connection and its other end.
func pair(t testing.TB) (*Conn, *net.UnixConn) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	theirs, err := net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	accepted, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Take(accepted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := accepted.Write([]byte("x")); err == nil {
		t.Error("what was taken over is open still")
	}
	return c, theirs
}

// TestRead: a read waits until there is something, and says when the other end has gone.
func TestRead(t *testing.T) {
	t.Parallel()
	c, theirs := pair(t)
	go func() {
		for n := range byte(100) {
			_, _ = theirs.Write([]byte{n})
			if n%10 == 0 {
				time.Sleep(time.Millisecond) // so that some reads wait, and some do not
			}
		}
		_ = theirs.Close()
	}()
	var got []byte
	b := make([]byte, 7)
	for {
		n, _, _, err := c.Read(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		got = append(got, b[:n]...)
	}
	if len(got) != 100 || got[99] != 99 {
		t.Errorf("read % x", got)
	}
}

// TestDescriptors: a descriptor goes with its byte in both directions, and is closed on exec.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	c, theirs := pair(t)
	if err := c.Write([]byte{7}, os.Stderr, time.Minute); err != nil {
		t.Fatal(err)
	}
	oob := make([]byte, syscall.CmsgSpace(4))
	n, oobn, _, _, err := theirs.ReadMsgUnix(make([]byte, 10), oob)
	if err != nil || n != 1 || oobn != len(oob) {
		t.Fatalf("%d bytes, %d of messages, %v", n, oobn, err)
	}
	list, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		t.Fatal(err)
	}
	fds, err := syscall.ParseUnixRights(&list[0])
	if err != nil {
		t.Fatal(err)
	}
	passed := os.NewFile(uintptr(fds[0]), "passed")
	defer func() { _ = passed.Close() }()
	if _, _, err := theirs.WriteMsgUnix([]byte{8}, syscall.UnixRights(fds[0]), nil); err != nil {
		t.Fatal(err)
	}
	n, oobn, flags, err := c.Read(make([]byte, 10), oob)
	if err != nil || n != 1 || oobn != len(oob) || flags&syscall.MSG_CTRUNC != 0 {
		t.Fatalf("%d bytes, %d of messages, flags %#x, %v", n, oobn, flags, err)
	}
	if list, err = syscall.ParseSocketControlMessage(oob); err != nil {
		t.Fatal(err)
	}
	if fds, err = syscall.ParseUnixRights(&list[0]); err != nil {
		t.Fatal(err)
	}
	came := os.NewFile(uintptr(fds[0]), "came")
	defer func() { _ = came.Close() }()
	if flags, err := unix.FcntlInt(came.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags of the descriptor: %#x, %v", flags, err)
	}
}

// TestWriteSlowly: what does not fit into the socket is written while the other end reads, in order, and not after the
// limit.
func TestWriteSlowly(t *testing.T) {
	t.Parallel()
	c, theirs := pair(t)
	want := make([]byte, 8<<20)
	for i := range want {
		want[i] = byte(i >> 12)
	}
	read := make(chan []byte)
	go func() {
		got := make([]byte, len(want))
		_, _ = io.ReadFull(theirs, got)
		read <- got
	}()
	if err := c.Write(want, nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-read, want) {
		t.Error("something else is read")
	}
	if err := c.Write(want, nil, 20*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nobody reads, and the error is %v", err)
	}
}

// TestClose: who reads and who writes returns when somebody closes the connection, and so does the other end.
func TestClose(t *testing.T) {
	t.Parallel()
	c, theirs := pair(t)
	over := make(chan error)
	go func() {
		_, _, _, err := c.Read(make([]byte, 10), nil)
		over <- err
	}()
	go func() { over <- c.Write(make([]byte, 8<<20), nil, time.Minute) }()
	if _, err := io.ReadFull(theirs, make([]byte, 1000)); err != nil { // the writer has begun
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-over; err != nil && !errors.Is(err, net.ErrClosed) { // a reader can see the end instead
			t.Errorf("it ends with %v", err)
		}
	}
	if _, err := io.Copy(io.Discard, theirs); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed again: %v", err)
	}
	if _, _, _, err := c.Read(make([]byte, 10), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if err := c.Write([]byte{1}, nil, time.Minute); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write: %v", err)
	}
}

// TestGone: a write to an end that has gone is an error, also for one that waits for room.
func TestGone(t *testing.T) {
	t.Parallel()
	c, theirs := pair(t)
	over := make(chan error)
	go func() { over <- c.Write(make([]byte, 8<<20), nil, time.Minute) }()
	if _, err := io.ReadFull(theirs, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	if err := <-over; !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("it ends with %v", err)
	}
}

// TestDeadline: a read ends at its deadline, which may come closer and be taken back.
func TestDeadline(t *testing.T) {
	t.Parallel()
	c, theirs := pair(t)
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := c.Read(make([]byte, 10), nil); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it ends with %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if n, _, _, err := c.Read(make([]byte, 10), nil); n != 1 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestNoAllocation: a call that comes and its answer need no memory.
func TestNoAllocation(t *testing.T) {
	c, theirs := pair(t)
	b, oob := make([]byte, 100), make([]byte, syscall.CmsgSpace(4))
	each := testing.AllocsPerRun(100, func() {
		if _, err := theirs.Write(b[:50]); err != nil {
			t.Fatal(err)
		}
		n, _, _, err := c.Read(b, oob)
		if err == nil {
			err = c.Write(b[:n], nil, time.Minute)
		}
		if err == nil {
			_, err = theirs.Read(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if each > 0 {
		t.Errorf("%v allocations", each)
	}
}
