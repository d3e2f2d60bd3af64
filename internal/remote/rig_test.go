package remote

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/peer"
	"github.com/berthd/berth/internal/linux/stream"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// fakeCore has some containers. A method that it lacks is a nil pointer, and so an internal error.
type fakeCore struct {
	core
	service.Queues

	mu                 sync.Mutex
	list               []service.Snapshot
	started, destroyed []domain.UUID
	hold               chan struct{} // a start waits for it, unless it is nil
	console            *os.File
	xml                string
	order              []string // starts and suspends as they were carried out
}

func (f *fakeCore) Ticket(u domain.UUID) *service.Ticket { return f.Take(u) }
func (f *fakeCore) WhoHas(domain.UUID) slog.Attr         { return slog.Attr{} }

func (f *fakeCore) List() []service.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]service.Snapshot(nil), f.list...)
}

func (f *fakeCore) ByUUID(u domain.UUID) (service.Snapshot, error) {
	for _, s := range f.List() {
		if s.UUID == u {
			return s, nil
		}
	}
	return service.Snapshot{}, service.ErrNoContainer
}

func (f *fakeCore) XML(domain.UUID, bool) (string, error) { return f.xml, nil }

func (f *fakeCore) ByName(name string) (service.Snapshot, error) {
	for _, s := range f.List() {
		if s.Name == name {
			return s, nil
		}
	}
	return service.Snapshot{}, service.ErrNoContainer
}

func (f *fakeCore) Subject(u domain.UUID) service.Subject {
	s, err := f.ByUUID(u)
	if err != nil {
		return service.Subject{UUID: u}
	}
	return s.Subject()
}

func (f *fakeCore) StartWith(ctx context.Context, u domain.UUID, _ service.StartOptions) error {
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started = append(f.started, u)
	f.order = append(f.order, "start")
	return nil
}

func (f *fakeCore) Suspend(context.Context, domain.UUID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.order = append(f.order, "suspend")
	return nil
}

func (f *fakeCore) OpenConsole(context.Context, domain.UUID, string, service.ConsoleOptions) (*os.File, error) {
	return f.console, nil
}

// rules are an authority that allows some actions.
type rules map[string]bool

func (r rules) Decide(_ context.Context, q service.Question, _ bool) (service.Verdict, error) {
	return service.Verdict{Allowed: r[q.Action]}, nil
}

var (
	web = service.Snapshot{UUID: domain.UUID{1}, Name: "web", State: service.StateRunning, Reason: service.ReasonBooted, ID: 7, Leader: 7, Persistent: true}
	db  = service.Snapshot{UUID: domain.UUID{2}, Name: "db", State: service.StateShutoff, Reason: service.ReasonShutdown}
)

func newServer(t testing.TB, f *fakeCore, allowed rules) *Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := New(t.Context(), Config{Core: f, Access: service.NewAccess(allowed, log), Log: log, Account: func(uid uint32) uint32 { return uid }, Ended: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newPurse is what a connection of root has, of a server of its own.
func newPurse() *purse {
	all := newUsers(func(uid uint32) uint32 { return uid })
	return &purse{users: &all, user: &user{}}
}

// client is the other end of a connection.
type client struct {
	t      testing.TB
	stream *net.UnixConn
	serial uint32
}

// connect joins a client to a server as a user.
func connect(t testing.TB, s *Server, uid uint32, readOnly bool) *client {
	t.Helper()
	c, theirs := pair(t)
	if !s.join(theirs, readOnly, peer.Process{PID: 1, UID: uid, Start: 1}) {
		t.Fatal("there is no room")
	}
	return &client{t: t, stream: c}
}

// pair is two ends of a connection. It has no name: a fuzzer kills its workers, which would leave a directory with it
// behind.
func pair(t testing.TB) (ours, theirs *net.UnixConn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return end(t, fds[0]), end(t, fds[1])
}

func end(t testing.TB, fd int) *net.UnixConn {
	t.Helper()
	f := os.NewFile(uintptr(fd), "an end of a connection")
	c, err := net.FileConn(f)
	_ = f.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.UnixConn)
}

// taken is the server's end of a connection, as the server has it.
func taken(t testing.TB, theirs *net.UnixConn) *stream.Conn {
	t.Helper()
	c, err := stream.Take(theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// opened is a client of root that has opened the connection.
func opened(t testing.TB, s *Server, readOnly bool) *client {
	t.Helper()
	c := connect(t, s, 0, readOnly)
	c.must(66, nil)
	c.open()
	return c
}

func (c *client) open() {
	c.must(1, func(e *xdr.Encoder) {
		e.OptionalText(uri)
		e.U32(0)
	})
}

// send sends a packet.
func (c *client) send(h head, write func(*xdr.Encoder)) {
	c.t.Helper()
	e := begin(h)
	if write != nil {
		write(e)
	}
	if _, err := c.stream.Write(finish(e)); err != nil {
		c.t.Fatal(err)
	}
}

// start sends a call and returns its serial.
func (c *client) start(procedure int32, write func(*xdr.Encoder)) uint32 {
	c.t.Helper()
	c.serial++
	c.send(head{program: programRemote, version: version, procedure: procedure, serial: c.serial}, write)
	return c.serial
}

// next returns the next packet.
func (c *client) next() (head, *xdr.Decoder) {
	c.t.Helper()
	h, d, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return h, d
}

func (c *client) read() (head, *xdr.Decoder, error) {
	_ = c.stream.SetReadDeadline(time.Now().Add(patience))
	size := make([]byte, lengthSize)
	if _, err := io.ReadFull(c.stream, size); err != nil {
		return head{}, nil, err
	}
	rest := make([]byte, binary.BigEndian.Uint32(size)-lengthSize)
	if _, err := io.ReadFull(c.stream, rest); err != nil {
		return head{}, nil, err
	}
	return readHead(rest), xdr.NewDecoder(rest[headSize-lengthSize:]), nil
}

// remoteError is an error as a client sees it.
type remoteError struct {
	code, from int32
	text       string
}

func (e *remoteError) Error() string { return e.text }

// call calls and waits for the answer.
func (c *client) call(procedure int32, write func(*xdr.Encoder)) (*xdr.Decoder, error) {
	c.t.Helper()
	serial := c.start(procedure, write)
	h, d := c.next()
	if h.serial != serial || h.kind != typeReply || h.procedure != procedure {
		c.t.Fatalf("the answer to %d of %d is %+v", procedure, serial, h)
	}
	return result(h, d)
}

func result(h head, d *xdr.Decoder) (*xdr.Decoder, error) {
	if h.status == statusOK {
		return d, nil
	}
	e := &remoteError{code: d.I32(), from: d.I32()}
	e.text, _ = d.OptionalText()
	return nil, e
}

func (c *client) must(procedure int32, write func(*xdr.Encoder)) *xdr.Decoder {
	c.t.Helper()
	d, err := c.call(procedure, write)
	if err != nil {
		c.t.Fatalf("procedure %d: %v", procedure, err)
	}
	return d
}

// code calls and returns the code of the error, 0 if there is none.
func (c *client) code(procedure int32, write func(*xdr.Encoder)) int32 {
	c.t.Helper()
	_, err := c.call(procedure, write)
	if e, is := errors.AsType[*remoteError](err); is {
		return e.code
	}
	return 0
}

// about writes a container as the first argument.
func about(snap service.Snapshot) func(*xdr.Encoder) {
	return func(e *xdr.Encoder) {
		e.Domain(domainOf(&snap))
		e.U32(0)
	}
}
