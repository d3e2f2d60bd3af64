package bus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

const (
	readSize  = 16 << 10 // bytes of one read, and of each that skips
	pieceSize = 16 << 10 // bytes of one write, at most
	keepSize  = 64 << 10 // bytes of a buffer that is kept for the next body

	// maxHandshake bounds what a bus may say before the first message, in bytes. An honest one says
	// a hundred.
	maxHandshake = 16 << 10
)

var (
	errHandshake     = errors.New("the bus says too much before the first message")
	errNoDescriptors = errors.New("the bus passes no descriptors")
)

// wire is the connection below godbus's protocol, and what keeps from godbus whatever is not expected.
// It is our own type, and no *net.UnixConn to godbus: godbus leaks the descriptors which a message carries
// without naming them, and those of a message that it refuses. The wire offers to take descriptors itself,
// if the connection wants that, and owns each that arrives (descriptors.go). godbus sees only their numbers.
type wire struct {
	conn net.Conn
	gate *gate

	writing sync.Mutex   // keeps the parts of a batch together
	taken   atomic.Int64 // bytes of messages that the kernel has taken

	// Read's, in the one goroutine that reads.
	in         *bufio.Reader
	source     *source // nil if the connection takes no descriptors
	heard      int     // bytes of the handshake
	fields     []byte  // buffers, used again for each message
	header     []byte
	body       []byte
	head, tail []byte // what godbus has yet to read of the message that was let through
	lost       error  // why nothing more can be read

	// begun is set by who ends the handshake, before anybody reads or writes a message.
	begun bool
	// passes says that the bus carries descriptors. It is set before the first message is read, and asked
	// after that: the answer of the bus to the offer stands before it.
	passes, offered bool
}

func newWire(conn net.Conn, g *gate, descriptors bool) *wire {
	w := &wire{conn: conn, gate: g}
	var from io.Reader = conn
	if u, ok := conn.(*net.UnixConn); ok && descriptors {
		w.source = newSource(u)
		from = w.source
	}
	w.in = bufio.NewReaderSize(from, readSize)
	return w
}

// Close ends the connection.
func (w *wire) Close() error { return w.conn.Close() }

// Write sends a line of the handshake or one whole message: godbus writes nothing in parts.
func (w *wire) Write(p []byte) (int, error) {
	if !w.begun {
		if w.begun = bytes.Equal(p, []byte("BEGIN\r\n")); w.begun && w.source != nil {
			// The answer comes before the first message, so nobody has to wait for it here.
			w.offered = true
			_, err := w.conn.Write(append([]byte("NEGOTIATE_UNIX_FD\r\n"), p...))
			return len(p), err
		}
		return w.conn.Write(p)
	}
	serial, noted := w.gate.replies.note(p, nil)
	err := w.send(Outgoing{Bytes: p})
	if err != nil && noted {
		w.gate.replies.forget(serial)
	}
	return len(p), err
}

// send writes whole messages, one behind the other.
func (w *wire) send(batch ...Outgoing) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	var plain net.Buffers
	for _, m := range batch {
		if len(m.Descriptors) == 0 {
			plain = append(plain, m.Bytes)
			continue
		}
		if err := w.put(plain); err != nil {
			return err
		}
		plain = nil
		if err := w.sendRights(m); err != nil {
			return err
		}
	}
	return w.put(plain)
}

// put writes bytes, a piece at a time, and counts each. The caller gives the slices away.
func (w *wire) put(all net.Buffers) error {
	for len(all) > 0 {
		var piece net.Buffers
		for room := pieceSize; room > 0 && len(all) > 0; {
			n := min(room, len(all[0]))
			piece, room = append(piece, all[0][:n]), room-n
			if all[0] = all[0][n:]; len(all[0]) == 0 {
				all = all[1:]
			}
		}
		n, err := piece.WriteTo(w.conn)
		w.taken.Add(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// sendRights writes one message with its descriptors, which go with the first bytes.
func (w *wire) sendRights(m Outgoing) error {
	u, ok := w.conn.(*net.UnixConn)
	if !ok || !w.passes {
		return errNoDescriptors
	}
	n, _, err := u.WriteMsgUnix(m.Bytes, unix.UnixRights(m.Descriptors...), nil)
	w.taken.Add(int64(n))
	if err == nil && n < len(m.Bytes) {
		err = w.put(net.Buffers{m.Bytes[n:]})
	}
	return err
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
			w.lost = w.agree()
		}
		if w.lost == nil {
			w.lost = w.next()
			w.drop()
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

// agree reads the answer to the offer of descriptors, which is the last line of the handshake.
func (w *wire) agree() error {
	if !w.offered {
		return nil
	}
	w.offered = false
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	w.passes = bytes.HasPrefix(line, []byte("AGREE_UNIX_FD"))
	return nil
}

// drop closes the descriptors that the last message had and nobody claimed. If nothing more can be read, it
// closes all.
func (w *wire) drop() {
	if w.source == nil {
		return
	}
	until := w.source.read
	if w.lost == nil {
		until -= int64(w.in.Buffered())
	}
	w.source.drop(until)
}

// claim gives a header the descriptors that it counts. false means that they were lost.
func (w *wire) claim(h *Header) (ok bool) {
	if w.source == nil {
		return h.Descriptors == 0
	}
	h.Files, ok = w.source.claim(h.Descriptors)
	return ok
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
	if h.Fault = e.fault(h); h.Fault == nil && !w.claim(h) {
		h.Fault = &Fault{Kind: LostDescriptors}
	}
	if h.Fault != nil {
		return w.skip(h.Length)
	}
	w.body = sized(w.body, h.Length)
	_, err := io.ReadFull(w.in, w.body)
	if err == nil {
		if err := checkBody(h.order, h.Signature, w.body, e.plain, h.Descriptors); err != nil {
			h.Fault = &Fault{Kind: Malformed, Why: err}
		}
	}
	if err != nil || h.Fault != nil {
		CloseFiles(h.Files)
		h.Files = nil
	}
	return err
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
		w.toCaller(h, e)
		return
	case e.otherwise == drop:
		return
	}
	w.header = appendHeader(w.header[:0], h)
	w.head = w.header
	w.toCaller(h, e)
}

// toCaller hands an answer to who waits for it past godbus, if somebody does.
func (w *wire) toCaller(h *Header, e *expectation) {
	if e.waiter == nil {
		return
	}
	if e.waiter.undecoded && h.Kind == dbus.TypeMethodReply && h.Fault == nil {
		e.waiter.answer(outcome{values: &Values{cursor{order: h.order, b: w.body}}, files: h.Files})
		w.head, w.tail, w.body = nil, nil, nil // the body is the waiter's
		return
	}
	msg, err := dbus.DecodeMessage(io.MultiReader(bytes.NewReader(w.head), bytes.NewReader(w.tail)))
	w.head, w.tail = nil, nil
	e.waiter.answer(outcome{message: msg, files: h.Files, err: err})
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
