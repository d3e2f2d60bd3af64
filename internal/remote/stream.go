package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// What a stream may have in work.
const (
	maxChunk  = 64 << 10  // bytes of one packet to the client
	maxUnread = 256 << 10 // of the client's input that the container has not read; a client that sends more loses its stream
	perPacket = 32        // bytes that a packet of input costs beside its own
)

func streamProcedures() []*procedure {
	return []*procedure{{
		number: 201, name: "virDomainOpenConsole", action: contract.ActionConsole, verb: "OpenConsole", about: true, writes: true, run: openConsole,
	}}
}

// console is a stream between a client and a container's console.
type console struct {
	conn *conn
	head head // of every packet to the client
	file net.Conn

	mu     sync.Mutex // guards the fields below
	input  [][]byte
	unread int
	typing bool
	deaf   bool // the container takes nothing any more
	over   bool
}

func openConsole(ctx context.Context, c *call) error {
	device, _ := c.in.OptionalText()
	flags := c.in.U32()
	const force, safe = 1, 2
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^(force|safe) != 0:
		return unknownFlags(flags, c.proc.name)
	case flags == force|safe:
		return wrong(codeInvalidArg, domainLXC, "the flags force and safe exclude each other")
	}
	f, err := c.core().OpenConsole(ctx, c.uuid, device, service.ConsoleOptions{Force: flags&force != 0, Safe: flags&safe != 0})
	if err != nil {
		return err
	}
	file, err := net.FileConn(f) // a copy that can be closed while somebody reads
	_ = f.Close()
	if err != nil {
		return err
	}
	s := &console{conn: c.conn, file: file, head: c.head}
	s.head.kind = typeStream
	if err := c.conn.enter(c.head.serial, s); err != nil {
		_ = file.Close()
		return err
	}
	c.undo = func() {
		c.conn.forget(s)
		s.end()
	}
	c.after = func() { c.conn.begin(s.show) } // the reply comes first
	return nil
}

// enter makes a stream known to the reader.
func (c *conn) enter(serial uint32, s *console) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.streams) >= maxStreams || c.streams[serial] != nil {
		return wrong(codeResourceBusy, domainRemote, "the connection has %d streams", len(c.streams))
	}
	if c.ctx.Err() != nil {
		return service.ErrShuttingDown
	}
	if c.streams == nil {
		c.streams = map[uint32]*console{}
	}
	c.streams[serial] = s
	return nil
}

// forget takes a stream from the reader.
func (c *conn) forget(s *console) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[s.head.serial] == s {
		delete(c.streams, s.head.serial)
	}
}

func (c *conn) closeStreams() {
	c.mu.Lock()
	list := c.streams
	c.streams = nil
	c.mu.Unlock()
	for _, s := range list {
		s.end()
	}
}

// packet sends a packet of the stream.
func (s *console) packet(status uint32, data []byte) bool {
	h := s.head
	h.status = status
	e := begin(h)
	e.Raw(data)
	b := finish(e)
	s.conn.purse.mustHold(cap(b)) // of a stream there is one at a time
	return s.conn.out.send(outgoing{bytes: b, held: cap(b)})
}

// show sends what the container prints. An empty packet ends that: the client answers with its own end.
func (s *console) show() {
	if err := s.conn.purse.hold(2 * maxChunk); err != nil { // the buffer, and the packet that is made of it
		s.fail(err)
		return
	}
	defer s.conn.purse.release(2 * maxChunk)
	buf := make([]byte, maxChunk)
	for {
		n, err := s.file.Read(buf)
		if n > 0 && !s.packet(statusContinue, buf[:n]) {
			return
		}
		if err == nil {
			continue
		}
		s.mu.Lock()
		over := s.over
		s.mu.Unlock()
		switch {
		case over: // by the client
		case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EIO):
			s.packet(statusContinue, nil)
		default:
			s.fail(err)
		}
		return
	}
}

// fail ends the stream with an error.
func (s *console) fail(err error) {
	s.conn.forget(s)
	s.end()
	h := s.head
	h.status = statusError
	e := begin(h)
	wrong(codeInternal, domainLXC, "%v", err).encode(e)
	b := finish(e)
	s.conn.purse.mustHold(cap(b))
	s.conn.out.send(outgoing{bytes: b, held: cap(b)})
}

// end closes the console. It may be called again.
func (s *console) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over = true
		_ = s.file.Close()
	}
}

// streamPacket does what a packet of a stream says. One of a stream that is over is dropped: it was on its way.
func (c *conn) streamPacket(h head, body []byte) error {
	c.mu.Lock()
	s := c.streams[h.serial]
	c.mu.Unlock()
	if s == nil || s.head.procedure != h.procedure || s.head.program != h.program {
		return nil
	}
	if h.status == statusContinue {
		s.typed(body)
		return nil
	}
	c.forget(s) // finished or aborted
	s.end()
	answer := s.head
	answer.status = statusOK
	c.out.tell(finish(begin(answer)))
	return nil
}

// typed takes what the client has typed. It does not wait for the container.
func (s *console) typed(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.deaf || len(data) == 0 {
		return
	}
	if s.unread+len(data)+perPacket > maxUnread || s.conn.purse.hold(len(data)+perPacket) != nil {
		s.conn.forget(s) // what is typed now finds no stream, and ends it no second time
		s.conn.begin(func() { s.fail(errors.New("the container does not read its console")) })
		return
	}
	s.input = append(s.input, append([]byte(nil), data...))
	s.unread += len(data) + perPacket
	if !s.typing {
		s.typing = true
		s.conn.begin(s.pass)
	}
}

// pass writes the input to the console.
func (s *console) pass() {
	for data := s.nextInput(); data != nil; data = s.nextInput() {
		_, err := s.file.Write(data)
		s.passed(len(data)+perPacket, err)
	}
}

// nextInput returns what is to be written next, nil if there is nothing. Then who types begins anew.
func (s *console) nextInput() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.input) == 0 || s.over || s.deaf {
		s.conn.purse.release(s.unread)
		s.input, s.unread, s.typing = nil, 0, false
		return nil
	}
	data := s.input[0]
	s.input[0] = nil
	s.input = s.input[1:]
	return data
}

// passed says that so many bytes have been written, or why not. The reader of the console hears of that, too, and ends
// it.
func (s *console) passed(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread -= n
	s.conn.purse.release(n)
	s.deaf = err != nil
}
