package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/stream"
	"github.com/berthd/berth/service"
)

// The limits of a connection.
const (
	maxStrange   = smallBuffer // bytes of a packet before the client has authenticated: no call has long arguments then
	maxKnown     = 8 << 20     // and after: the largest honest argument is a definition
	maxStreams   = 8
	maxCallbacks = 64
	// How long a client may be connected without having authenticated, and how much longer if somebody is asked for a
	// password. libvirt has no such limit: who holds its places for clients that have not authenticated keeps others out.
	strangerLimit = time.Minute
	dialogueTime  = 3 * time.Minute
)

// conn is one client.
type conn struct {
	server *Server
	stream *stream.Conn
	purse  purse
	by     service.Caller
	since  time.Time
	in     *reader
	out    *outbox
	ctx    context.Context //nolint:containedctx // the life of the client
	leave  context.CancelFunc
	work   sync.WaitGroup

	known    atomic.Bool
	opened   atomic.Bool
	readOnly atomic.Bool
	asking   atomic.Bool // somebody is asked for a password

	mu        sync.Mutex // guards the fields below
	working   int        // calls
	waiting   []*call    // for their turn
	streams   map[uint32]*console
	callbacks map[int32]callback
	last      int32 // the number of the next callback
	owned     map[domain.UUID]owned
	starts    uint64 // that end with the connection
	news      []*happening
	telling   bool
}

func newConn(s *Server, from *stream.Conn, u *user, by service.Caller) *conn {
	c := &conn{server: s, stream: from, by: by, since: time.Now()}
	c.purse.users, c.purse.user, c.purse.stranger = &s.users, u, true
	c.ctx, c.leave = context.WithCancel(s.ctx)
	c.in = newReader(from, maxStrange, &c.purse)
	c.in.deaf.Store(true)
	c.out = newOutbox(from, c.begin, c.hangUp, &c.purse)
	return c
}

// hangUp ends the connection. It may be called by anybody, and again.
func (c *conn) hangUp() {
	c.leave()
	_ = c.stream.Close()
}

// serve reads until the client is gone or breaks the rules.
func (c *conn) serve() {
	defer c.end() // also after a panic
	err := c.readAll()
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		c.server.log.Debug("a client of libvirt's library is dropped", "uid", c.by.UID, "pid", c.by.Peer.PID, "err", err)
	}
}

// end gives back what the connection has. It keeps its place until its last call has ended: to close a descriptor, for
// one, can take as long as the client likes, and it holds a thread.
func (c *conn) end() {
	for _, step := range []func(){
		c.out.close, c.hangUp, c.dropCalls, c.closeStreams, c.in.close, c.destroyOwned, func() { c.server.left(c) },
		c.work.Wait, c.purse.empty, func() { c.server.users.leave(c.purse.user) },
	} {
		c.server.guarded(c, step) // each, whatever happens in the others
	}
}

// readAll reads until there is an error, which it returns.
func (c *conn) readAll() error {
	if err := c.stream.SetReadDeadline(c.since.Add(c.server.patience)); err != nil {
		return err
	}
	for {
		h, body, files, err := c.in.next()
		if err == nil {
			err = c.handle(h, body, files)
		}
		if err != nil {
			return err
		}
	}
}

var errPacket = errors.New("a packet of a type that no client sends")

// handle does what a packet asks for, or has it done. It returns an error if the client breaks the rules.
func (c *conn) handle(h head, body []byte, files []*os.File) error {
	if h.program == programKeepalive {
		c.purse.closeFiles(files)
		return c.keepalive(h)
	}
	switch h.kind {
	case typeCall, typeCallFDs:
		c.call(h, body, files)
		return nil
	case typeStream:
		return c.streamPacket(h, body)
	}
	c.purse.closeFiles(files)
	return errPacket
}

// keepalive answers a ping. Everything else of this program means only that the client lives.
func (c *conn) keepalive(h head) error {
	const ping, pong = 1, 2
	if h.kind == typeMessage && h.procedure == ping {
		c.out.tell(finish(begin(head{program: programKeepalive, version: version, procedure: pong, kind: typeMessage})))
	}
	return nil
}

// authenticated lets the client do more than to say who it is.
func (c *conn) authenticated() {
	c.known.Store(true)
	c.purse.known()
	c.in.allow(maxKnown)
	c.in.deaf.Store(c.readOnly.Load())
	_ = c.stream.SetReadDeadline(time.Time{})
}
