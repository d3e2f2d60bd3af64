package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	ring "github.com/berthd/berth/internal/console"
)

// client is one connection to a console. Two goroutines serve it, one for each direction.
type client struct {
	console  *console
	socket   *os.File
	framed   bool
	readOnly bool
	user     uint32        // as wire.OpenConsole has it
	more     chan struct{} // a token: there is something to send

	// Guarded by the console's mutex.
	at            uint64        // how much of the output it was sent
	slow          bool          // the container does not wait for it
	waited        time.Duration // for it, since it had read up to mark
	mark          uint64
	mute          bool // it will send no more input
	rows, columns uint16

	// Of the goroutine that sends.
	begun  bool   // something was sent
	over   bool   // it was told of the end
	told   bool   // whether it was told that it has the input
	knows  bool   // told is what it was told
	packet []byte // room for one: the header and its output
}

// nonblocking returns a file that the runtime polls, with a descriptor of its own. It polls only a descriptor that is
// non-blocking when the os.File is made.
func nonblocking(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func (v *client) wake() {
	select {
	case v.more <- struct{}{}:
	default:
	}
}

// late reports whether the next n bytes of output overwrite some that a client has not read and is waited for. The
// caller holds the console's mutex.
func (v *client) late(n int) bool {
	return !v.slow && v.at+ring.Size < v.console.ring.Total()+uint64(n)
}

// leave ends the connection. Input that nobody has read is read away first: with it in the queue, the kernel would give
// the client ECONNRESET before the last of the output (unix(7)).
func (v *client) leave() {
	if v.console.remove(v) {
		if raw, err := v.socket.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) {
				_ = unix.Shutdown(int(fd), unix.SHUT_RD)
				for rest := make([]byte, ring.MaxPacket); ; {
					if n, _, err := unix.Recvfrom(int(fd), rest, unix.MSG_DONTWAIT); n <= 0 || err != nil {
						return
					}
				}
			})
		}
		_ = v.socket.Close()
		v.wake()
	}
}

// send sends the output as it comes, until the connection or the container ends.
func (v *client) send() {
	defer v.leave()
	v.packet = make([]byte, ring.MaxPacket)
	for {
		text, ok := v.next()
		if !ok {
			return
		}
		if len(text) == 0 {
			<-v.more
			continue
		}
		if _, err := v.socket.Write(text); err != nil {
			return
		}
	}
}

// next returns what to send next: nothing if the client has everything. It returns false if the client has left, or
// nothing will ever come again.
func (v *client) next() (text []byte, ok bool) {
	c := v.console
	c.mu.Lock()
	defer c.mu.Unlock()
	if owns := c.input == v; v.framed && !v.over && (owns != v.told || !v.knows) {
		v.told, v.knows = owns, true
		p := ring.Packet{Kind: ring.Input, On: owns}
		return p.Append(v.packet[:0]), true
	}
	n, at, err := c.ring.ReadAt(v.packet[outputHeader:], v.at)
	if err != nil {
		return nil, false
	}
	if n > 0 {
		text = v.output(at, n)
		v.at, v.begun = at+uint64(n), true
		if v.at >= v.mark+ring.Size {
			v.waited, v.mark = 0, v.at
		}
		c.noteTaken()
		return text, true
	}
	v.slow, v.waited, v.mark = false, 0, v.at
	switch {
	case !c.ended:
		return nil, c.has(v)
	case !v.framed, v.over:
		return nil, false
	}
	v.over = true
	p := ring.Packet{Kind: ring.End, At: at}
	return p.Append(v.packet[:0]), true
}

// outputHeader is the size of a packet of output before the output.
const outputHeader = ring.MaxPacket - ring.MaxData

// output returns the n bytes of output in the packet as the client gets them. It tells one of bare bytes of a gap by a
// line of text.
func (v *client) output(at uint64, n int) []byte {
	text := v.packet[outputHeader : outputHeader+n]
	if v.framed {
		p := ring.Packet{Kind: ring.Output, At: at}
		_ = p.Append(v.packet[:0]) // in front of the text
		return v.packet[:outputHeader+n]
	}
	if missed := at - v.at; missed > 0 && v.begun {
		return append(fmt.Appendf(nil, "\r\n[berth: %d bytes of output were missed]\r\n", missed), text...)
	}
	return text
}

// receive hands the client's input to the container, as long as the client owns the input. Input of others is
// dropped.
func (v *client) receive() {
	defer v.leave()
	buf := make([]byte, ring.MaxPacket)
	for {
		n, err := v.socket.Read(buf)
		if errors.Is(err, io.EOF) && !v.framed {
			v.awaitEnd()
		}
		if err != nil {
			return
		}
		v.take(buf[:n])
	}
}

func (v *client) take(b []byte) {
	p := ring.Packet{Kind: ring.Data, Bytes: b}
	if v.framed {
		var ok bool
		if p, ok = ring.Parse(b); !ok {
			return
		}
	}
	switch p.Kind {
	case ring.Data:
		v.typeIn(p.Bytes)
	case ring.Resize:
		v.console.mu.Lock()
		v.rows, v.columns = p.Rows, p.Columns
		owns := v.console.input == v
		v.console.mu.Unlock()
		if owns {
			v.console.resize(p.Rows, p.Columns)
		}
	}
}

// typeIn writes input to the terminal, if the client has the input. It waits for the container to read, in the
// goroutine of the client alone, until the client loses the input.
func (v *client) typeIn(b []byte) {
	c := v.console
	c.typing.Lock()
	defer c.typing.Unlock()
	c.mu.Lock()
	owns := c.input == v
	if owns {
		_ = c.master.SetWriteDeadline(time.Time{})
	}
	c.mu.Unlock()
	if owns {
		_, _ = c.master.Write(b)
	}
}

// dropInput gives up what the container has not read of the client's input: somebody else has the input now. The caller
// holds the console's mutex.
func (v *client) dropInput() { _ = v.console.master.SetWriteDeadline(time.Unix(1, 0)) }

// awaitEnd waits until a client that will send nothing more reads nothing more, either. Its input is free meanwhile.
func (v *client) awaitEnd() {
	v.console.quiet(v)
	raw, err := v.socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool { // the poller tells of a hang-up as of something to read
		_, err := unix.SendmsgN(int(fd), nil, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		return err != nil
	})
}
