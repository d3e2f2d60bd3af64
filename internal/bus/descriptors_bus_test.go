//go:build bus

package bus_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
	private "github.com/berthd/berth/test/bus"
)

// echo is a service that answers a call with the descriptors that came with it, or says why there are none.
type echo struct {
	conn    *bus.Conn
	ready   chan struct{} // closed when conn is there
	next    *bus.Header
	serials bus.Serials
}

func serveEcho(t *testing.T, address string) *echo {
	t.Helper()
	e := &echo{ready: make(chan struct{})}
	conn, err := bus.Connect(t.Context(), bus.Options{
		Address: address, Descriptors: true, Serials: &e.serials,
		Calls: func(h *bus.Header) bus.Body {
			e.next = h
			return bus.Body{Signature: "ah", Max: 1000, Descriptors: 16}
		},
		Library: []dbus.ConnOption{dbus.WithIncomingInterceptor(e.intercept)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	e.conn = conn
	close(e.ready)
	return e
}

func (e *echo) intercept(msg *dbus.Message) {
	if msg.Type != dbus.TypeMethodCall {
		return
	}
	msg.Flags |= dbus.FlagNoReplyExpected
	<-e.ready
	h := e.next
	reply := &dbus.Message{Type: dbus.TypeMethodReply, Body: msg.Body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(h.Sender), dbus.FieldReplySerial: dbus.MakeVariant(h.Serial),
	}}
	out := bus.Outgoing{}
	if h.Fault != nil {
		reply.Type, reply.Body = dbus.TypeError, []any{fmt.Sprint(h.Fault.Kind)}
		reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant("a.b.Fault")
	} else {
		for _, f := range h.Files {
			out.Descriptors = append(out.Descriptors, int(f.Fd()))
		}
		reply.Headers[dbus.FieldUnixFDs] = dbus.MakeVariant(uint32(len(h.Files)))
	}
	reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(reply.Body...))
	var b bytes.Buffer
	if err := reply.EncodeTo(&b, binary.LittleEndian); err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint32(b.Bytes()[8:], e.serials.GetSerial())
	out.Bytes = b.Bytes()
	_ = e.conn.Write([]bus.Outgoing{out})
	bus.CloseFiles(h.Files)
}

func dialEcho(t *testing.T, address string) *bus.Conn {
	t.Helper()
	c, err := bus.Connect(t.Context(), bus.Options{
		Address: address, Descriptors: true, Replies: []map[string]string{{"a.b.Echo": "ah", "a.b.None": ""}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// echoed makes a call with these files, named in this order, and returns the inode numbers of what came back.
func echoed(t *testing.T, c *bus.Conn, to *echo, member string, files []*os.File, order ...dbus.UnixFDIndex) (inodes []uint64, err error) {
	t.Helper()
	reply, err := c.Exchange(t.Context(), &dbus.Message{
		Type: dbus.TypeMethodCall, Body: []any{order},
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(to.conn.Names()[0]), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")),
			dbus.FieldInterface: dbus.MakeVariant("a.b"), dbus.FieldMember: dbus.MakeVariant(member),
		},
	}, files...)
	if err != nil {
		return nil, err
	}
	defer bus.CloseFiles(reply.Files)
	for _, n := range reply.Body[0].([]dbus.UnixFDIndex) {
		inodes = append(inodes, inode(t, reply.Files[n]))
	}
	return inodes, nil
}

func inode(t *testing.T, f *os.File) uint64 {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

func pipes(t *testing.T, n int) (files []*os.File) {
	t.Helper()
	for range n {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		t.Cleanup(func() { r.Close() })
		files = append(files, r)
	}
	return files
}

// TestDescriptors: descriptors arrive with the call that they were sent with, and with its reply, in the order of
// the body; nothing is held once both were read, whatever was wrong with the call. The test does not run beside
// others, since it counts descriptors.
func TestDescriptors(t *testing.T) {
	b := private.Start(t)
	server := serveEcho(t, b.Address)
	c := dialEcho(t, b.Address)
	files := pipes(t, 16)
	before := count(t)
	for range 50 {
		got, err := echoed(t, c, server, "Echo", files, 3, 1, 15, 1)
		want := []uint64{inode(t, files[3]), inode(t, files[1]), inode(t, files[15]), inode(t, files[1])}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
		for name, fault := range map[string]func() error{
			"the reply of a.b.None is of signature \"ah\"": func() error { _, err := echoed(t, c, server, "None", files, 0); return err },
			fmt.Sprint(bus.Malformed):                      func() error { _, err := echoed(t, c, server, "Echo", files[:2], 2); return err },
		} {
			if err := fault(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %q", err, name)
			}
		}
	}
	settles(t, before)
}

// TestDescriptorsLost: when the process has no room for the descriptors of a call, that call alone fails. The test
// does not run beside others, since it lowers a limit of the process.
func TestDescriptorsLost(t *testing.T) {
	b := private.Start(t)
	server := serveEcho(t, b.Address)
	c := dialEcho(t, b.Address)
	files := pipes(t, 16)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(restore)
	before := count(t)
	low := was
	low.Cur = uint64(before.descriptors + 4)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var e dbus.Error
	_, err := echoed(t, c, server, "Echo", files, 0)
	if !errors.As(err, &e) || e.Name != "a.b.Fault" || e.Error() != fmt.Sprint(bus.LostDescriptors) {
		t.Errorf("got %v", err)
	}
	restore()
	settles(t, before)
	if got, err := echoed(t, c, server, "Echo", files[:1], 0); err != nil || len(got) != 1 {
		t.Errorf("the next call: %v, %v", got, err)
	}
}

// TestDescriptorsUnwanted: descriptors of messages that nobody wants are closed as they come. The test does not
// run beside others, since it counts descriptors.
func TestDescriptorsUnwanted(t *testing.T) {
	b := private.Start(t)
	server := serveEcho(t, b.Address)
	stranger := private.DialRaw(t, b.Address)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fds := make([]int, 16)
	for i := range fds {
		fds[i] = int(null.Fd())
	}
	long := append(binary.LittleEndian.AppendUint32(nil, 100_000), bytes.Repeat([]byte("x"), 100_001)...)
	long[len(long)-1] = 0
	before := count(t)
	for range 500 {
		stranger.Signal(t, server.conn.Names()[0], "a.b.C", "", nil, fds...)
		stranger.Signal(t, server.conn.Names()[0], "a.b.C", "s", long, fds...)
	}
	stranger.Flush(t)
	// The answer comes after everything that the stranger sent before.
	stranger.Call(t, private.Headers{
		dbus.FieldDestination: dbus.MakeVariant(server.conn.Names()[0]), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")),
		dbus.FieldInterface: dbus.MakeVariant("a.b"), dbus.FieldMember: dbus.MakeVariant("Echo"),
	}, nil, fds...)
	if name := stranger.Await(t); name != "a.b.Fault" {
		t.Errorf("got %q", name)
	}
	settles(t, before)
}
