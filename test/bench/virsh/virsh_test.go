package virsh

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/remote/xdr"
)

// answering is a client of a daemon that answers one call with a status and a body, and hands on what it was asked.
func answering(t *testing.T, status uint32, body func(*xdr.Encoder)) (*client, <-chan []byte) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	asked := make(chan []byte, 1)
	go func() {
		defer close(asked)
		var length [4]byte
		if _, err := io.ReadFull(theirs, length[:]); err != nil {
			return
		}
		call := make([]byte, binary.BigEndian.Uint32(length[:])-4)
		if _, err := io.ReadFull(theirs, call); err != nil {
			return
		}
		asked <- call
		e := xdr.NewEncoder(nil)
		e.U32(0)
		e.Raw(call[:12]) // program, version, procedure
		e.U32(1)         // a reply
		e.Raw(call[16:20])
		e.U32(status)
		body(e)
		e.SetU32(0, uint32(e.Len()))
		_, _ = theirs.Write(e.Bytes())
	}()
	return &client{stream: ours}, asked
}

// TestInfo: a call names the container, and its reply is read field by field.
func TestInfo(t *testing.T) {
	t.Parallel()
	c, asked := answering(t, 0, func(e *xdr.Encoder) {
		e.U32(1)
		e.U64(65536)
		e.U64(1024)
		e.U32(2)
		e.U64(77)
	})
	got, err := c.info(xdr.Domain{Name: "web", ID: -1})
	if want := (info{1, 65536, 1024, 2, 77}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if call := <-asked; binary.BigEndian.Uint32(call[8:]) != 16 || !strings.Contains(string(call), "web") {
		t.Errorf("asked % x", call)
	}
}

// TestRefused: a daemon's refusal is an error with its code and words.
func TestRefused(t *testing.T) {
	t.Parallel()
	c, _ := answering(t, 1, func(e *xdr.Encoder) {
		e.I32(42)
		e.I32(17)
		e.OptionalText("no such container")
	})
	_, err := c.define("<domain/>")
	if err == nil || !strings.Contains(err.Error(), "error 42: no such container") {
		t.Errorf("error %v", err)
	}
}

// TestRows: the heading and the rule of virsh's list are no containers, and neither is an empty list one.
func TestRows(t *testing.T) {
	t.Parallel()
	const head = " Id   Name    State\n------------------------\n"
	for want, list := range []string{head + "\n", head + " -    c0000   shut off\n\n", head + " -    c0000   shut off\n 7    c0001   running\n\n"} {
		if got := rows([]byte(list)); got != want {
			t.Errorf("%q: %d rows, want %d", list, got, want)
		}
	}
}

// TestUsed: the clock of a process goes on while it computes, and a process that is not there has none.
func TestUsed(t *testing.T) {
	t.Parallel()
	before, err := used(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for after := before; after < before+5*time.Millisecond; {
		if after, err = used(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := used(1 << 22); err == nil {
		t.Error("a process that cannot be has a clock")
	}
}
