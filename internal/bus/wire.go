package bus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
)

const (
	readSize = 16 << 10 // bytes of one read, and of each that skips
	keepSize = 64 << 10 // bytes of a buffer that is kept for the next body

	// maxHandshake bounds what a bus may say before the first message, in bytes. An honest one says
	// a hundred.
	maxHandshake = 16 << 10
)

var errHandshake = errors.New("the bus says too much before the first message")

// wire is the connection below godbus's protocol, and what keeps from godbus whatever is not expected.
// It is our own type, and no *net.UnixConn to godbus, so that godbus does not offer to take descriptors:
// nothing of ours takes any, and godbus leaks those which a message carries without naming them.
type wire struct {
	conn net.Conn
	gate *gate

	// Read's, in the one goroutine that reads.
	in         *bufio.Reader
	heard      int    // bytes of the handshake
	fields     []byte // buffers, used again for each message
	header     []byte
	body       []byte
	head, tail []byte // what godbus has yet to read of the message that was let through
	lost       error  // why nothing more can be read

	// begun is set by who ends the handshake, before anybody reads or writes a message.
	begun bool
}

func newWire(conn net.Conn, g *gate) *wire {
	return &wire{conn: conn, gate: g, in: bufio.NewReaderSize(conn, readSize)}
}

// Close ends the connection.
func (w *wire) Close() error { return w.conn.Close() }

// Write sends a line of the handshake or one whole message: godbus writes nothing in parts.
func (w *wire) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = bytes.Equal(p, []byte("BEGIN\r\n"))
		return w.conn.Write(p)
	}
	serial, noted := w.gate.replies.note(p)
	n, err := w.conn.Write(p)
	if err != nil && noted {
		w.gate.replies.forget(serial)
	}
	return n, err
}

// Read gives the handshake as it comes, and then only messages that the gate lets through.
func (w *wire) Read(p []byte) (int, error) {
	if !w.begun {
		n, err := w.in.Read(p)
		if w.heard += n; w.heard > maxHandshake {
			return 0, errHandshake
		}
		return n, err
	}
	for len(w.head) == 0 && len(w.tail) == 0 {
		if w.lost == nil {
			w.lost = w.next()
		}
		if w.lost != nil {
			return 0, w.lost
		}
	}
	if len(w.head) > 0 {
		n := copy(p, w.head)
		w.head = w.head[n:]
		return n, nil
	}
	n := copy(p, w.tail)
	if w.tail = w.tail[n:]; len(w.tail) == 0 {
		w.tail, w.body = nil, sized(w.body, 0) // a large one is not held until the next message
	}
	return n, nil
}

// next reads one message, and puts it into head and tail if it is let through.
func (w *wire) next() error {
	var b [frameSize]byte
	if _, err := io.ReadFull(w.in, b[:]); err != nil {
		return err
	}
	f, err := parseFrame(&b)
	if err != nil {
		return fmt.Errorf("read from the bus: %w", err)
	}
	if f.fields > maxFields {
		return w.skip(pad(f.fields) + f.length)
	}
	w.fields = sized(w.fields, pad(f.fields))
	if _, err := io.ReadFull(w.in, w.fields); err != nil {
		return err
	}
	h, err := parseHeader(f, w.fields)
	if err != nil {
		return w.skip(f.length) // it is no message to anybody
	}
	e, ok := w.gate.expect(h)
	if !ok {
		return w.skip(f.length)
	}
	if err := w.take(h, &e); err != nil {
		return err
	}
	w.deliver(h, &e)
	return nil
}

// take reads the body if it is as expected, and else skips it and says so in the header.
func (w *wire) take(h *Header, e *expectation) error {
	w.body = sized(w.body, 0)
	if h.Fault = e.fault(h); h.Fault != nil {
		return w.skip(h.Length)
	}
	w.body = sized(w.body, h.Length)
	if _, err := io.ReadFull(w.in, w.body); err != nil {
		return err
	}
	if err := checkBody(h.order, h.Signature, w.body, e.plain); err != nil {
		h.Fault = &Fault{Kind: Malformed, Why: err}
	}
	return nil
}

// deliver hands the message to godbus, or what stands in for it.
func (w *wire) deliver(h *Header, e *expectation) {
	switch {
	case h.Fault == nil:
		w.gate.signals.heard(h, w.body)
		w.tail = w.body
	case e.otherwise == fail:
		name, text := e.failure(h)
		w.head, w.tail = failure(h, name, text)
		return
	case e.otherwise == drop:
		return
	}
	w.header = appendHeader(w.header[:0], h)
	w.head = w.header
}

func (w *wire) skip(n int) error {
	_, err := w.in.Discard(n)
	return err
}

// sized gives n bytes, of b if it has them and is not too large to be kept.
func sized(b []byte, n int) []byte {
	if n <= cap(b) && cap(b) <= keepSize {
		return b[:n]
	}
	return make([]byte, n)
}
