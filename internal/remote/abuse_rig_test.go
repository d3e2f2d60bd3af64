package remote

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/linux/peer"
	"github.com/berthd/berth/internal/remote/xdr"
)

// Tests of abuse count what the whole process has: none of them is parallel.

// memory is what the process uses, in bytes, without what nobody needs any more.
func memory() int64 {
	runtime.GC()
	runtime.GC() // what finalizers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// descriptors is how many the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// patience is for what must happen, on a machine that is as busy as it likes.
const patience = time.Minute

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never comes true that %s", what)
		}
	}
}

// closed waits until no more descriptors are open than there were: who has gone is not counted any more a moment before
// the last of them is closed.
func closed(t *testing.T, were int) {
	t.Helper()
	got := 0
	eventually(t, "all descriptors are closed", func() bool {
		if now := descriptors(t); now != got {
			t.Logf("%d descriptors are open, %d were", now, were)
			got = now
		}
		return got == were
	})
}

// serving lets a server listen, and returns the address.
func serving(t *testing.T, s *Server) syscall.Sockaddr {
	t.Helper()
	at := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(Socket{Listener: l})
	return &syscall.SockaddrUnix{Name: at}
}

// dial connects, cheaply.
func dial(t *testing.T, to syscall.Sockaddr) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(fd, to); err != nil {
		t.Fatal(err)
	}
	return fd
}

// rawClient is a client as small as it can be: its own memory is not to count.
type rawClient struct {
	t  *testing.T
	fd int
}

// joined is a client of a user that has authenticated and opened the connection. Another one than root only reads.
func joined(t *testing.T, s *Server, uid uint32) *rawClient {
	t.Helper()
	c := come(t, s, uid, uid != 0)
	c.write(append(packet(66, nil), packet(1, func(e *xdr.Encoder) { e.OptionalText(uri); e.U32(0) })...))
	c.read()
	c.read()
	return c
}

// joinedFully is one that does not only read.
func joinedFully(t *testing.T, s *Server, uid uint32) *rawClient {
	t.Helper()
	c := come(t, s, uid, false)
	c.write(append(packet(70, nil), packet(1, func(e *xdr.Encoder) { e.OptionalText(uri); e.U32(0) })...))
	c.read()
	c.read()
	return c
}

func come(t *testing.T, s *Server, uid uint32, readOnly bool) *rawClient {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[1]), "server's end")
	theirs, err := net.FileConn(f)
	_ = f.Close()
	if err != nil {
		t.Fatal(err)
	}
	if !s.join(theirs.(*net.UnixConn), readOnly, peer.Process{PID: 1, UID: uid, Start: 1}) {
		t.Fatalf("user %d is not let in", uid)
	}
	c := &rawClient{t, fds[0]}
	limit := syscall.NsecToTimeval(int64(patience))
	if err := syscall.SetsockoptTimeval(c.fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit); err != nil {
		t.Fatal(err)
	}
	return c
}

func packet(procedure int32, write func(*xdr.Encoder)) []byte {
	e := begin(head{program: programRemote, version: version, procedure: procedure})
	if write != nil {
		write(e)
	}
	return finish(e)
}

// write writes what the server takes. It does not matter if the server hangs up meanwhile.
func (c *rawClient) write(b []byte) {
	for len(b) > 0 {
		n, err := syscall.Write(c.fd, b)
		if err != nil {
			return
		}
		b = b[n:]
	}
}

// exactly fills b, and reports whether there was so much.
func (c *rawClient) exactly(b []byte) bool {
	for len(b) > 0 {
		n, err := syscall.Read(c.fd, b)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if n <= 0 || err != nil {
			return false
		}
		b = b[n:]
	}
	return true
}

// read reads one packet and returns its procedure, -1 if the connection is over.
func (c *rawClient) read() int32 {
	c.t.Helper()
	b := make([]byte, lengthSize, 256)
	if !c.exactly(b) {
		return -1
	}
	n := int(binary.BigEndian.Uint32(b))
	if n > cap(b) {
		b = make([]byte, n)
	}
	b = b[:n-lengthSize]
	if !c.exactly(b) {
		return -1
	}
	return readHead(b).procedure
}

func (c *rawClient) close() { _ = syscall.Close(c.fd) }
