package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/berthd/berth/internal/linux/peer"
	"github.com/berthd/berth/internal/linux/stream"
	"github.com/berthd/berth/service"
)

// Config is what a Server is made of. All fields are required.
type Config struct {
	Core   core // *service.Service, recovered
	Access *service.Access
	Log    *slog.Logger
	// Account returns the user who answers for a user, which is himself unless the id is one of the subordinate ones of
	// another user.
	Account func(uid uint32) uint32
	// Ended is called when a client has left. It must not block.
	Ended func()
}

// Socket is a listening socket.
type Socket struct {
	net.Listener
	ReadOnly bool // who comes here may only read
}

// Server serves the clients of libvirt's library.
type Server struct {
	core   core
	access *service.Access
	log    *slog.Logger
	ended  func()
	table  map[uint32]map[int32]*procedure

	ctx    context.Context //nolint:containedctx // what calls change outlives the caller, not the server
	cancel context.CancelFunc
	users  users
	work   sync.WaitGroup // connections and calls
	calls  atomic.Int64   // that are not answered yet
	last   atomic.Uint64  // connection
	// patience is how long a client may be connected without having authenticated, but for a dialogue.
	patience time.Duration

	mu          sync.Mutex
	connections map[*conn]struct{}
	listening   map[*conn]struct{} // those that have asked for events
	sockets     []Socket
	closing     bool
}

// New returns a server that serves nothing yet.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Core == nil || cfg.Access == nil || cfg.Log == nil || cfg.Account == nil || cfg.Ended == nil {
		return nil, errors.New("remote: something is missing in its configuration")
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &Server{
		core: cfg.Core, access: cfg.Access, log: cfg.Log, ended: cfg.Ended, table: tables(), ctx: base, cancel: cancel,
		users: newUsers(cfg.Account), patience: strangerLimit, connections: map[*conn]struct{}{}, listening: map[*conn]struct{}{},
	}, nil
}

// Serve accepts clients on a socket until Close. The server owns the socket.
func (s *Server) Serve(l Socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		_ = l.Close()
		return
	}
	s.sockets = append(s.sockets, l)
	s.begin(nil, func() { s.accept(l) })
}

// acceptPause is how long nobody is accepted after an error: no descriptor is left, for one.
const acceptPause = 100 * time.Millisecond

func (s *Server) accept(l Socket) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.log.Error("accept a client of libvirt's library", "err", err)
			select {
			case <-time.After(acceptPause):
			case <-s.ctx.Done():
			}
			continue
		}
		admitted := false
		s.guarded(nil, func() {
			from, ok := c.(*net.UnixConn)
			admitted = ok && s.admit(from, l.ReadOnly)
		})
		if !admitted {
			_ = c.Close()
		}
	}
}

// admit begins a connection, if its user may have one more. It finds out who that is.
func (s *Server) admit(from *net.UnixConn, readOnly bool) bool {
	p, err := peer.Of(from)
	if err != nil {
		s.log.Debug("who has connected is gone", "err", err)
		return false
	}
	return s.join(from, readOnly, p)
}

// join begins the connection of a process.
func (s *Server) join(from *net.UnixConn, readOnly bool, p peer.Process) bool {
	taken, err := stream.Take(from)
	if err != nil {
		s.log.Error("accept a client of libvirt's library", "err", err)
		return false
	}
	joined := false
	defer func() {
		if !joined {
			_ = taken.Close()
		}
	}()
	u, err := s.users.join(p.UID)
	if err != nil {
		s.log.Debug("a client is refused", "err", err)
		return false
	}
	c := newConn(s, taken, u, service.Caller{Known: true, UID: p.UID, Peer: service.Peer{PID: p.PID, Start: p.Start, Connection: s.last.Add(1)}})
	c.readOnly.Store(readOnly)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		c.purse.empty()
		s.users.leave(u)
		return false
	}
	s.connections[c] = struct{}{}
	joined = true
	s.begin(c, c.serve)
	return true
}

// left says that a client has gone. Its calls may go on.
func (s *Server) left(c *conn) {
	s.mu.Lock()
	delete(s.connections, c)
	delete(s.listening, c)
	s.mu.Unlock()
	s.access.Forget(c.by.Peer.Key())
	s.ended()
}

// InFlight is the number of connections. As long as there is one, the daemon is not idle: a client that has connected
// once does not look for another daemon.
func (s *Server) InFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.connections)
}

// Close accepts nobody any more, hangs up, and waits until the calls that change something have ended. When ctx ends
// first, they are cancelled, and ctx's error is returned.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for _, l := range s.sockets {
		_ = l.Close()
	}
	for c := range s.connections {
		c.hangUp()
	}
	s.mu.Unlock()
	defer s.cancel()
	select {
	case <-s.idle():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d calls of libvirt's clients: %w", s.calls.Load(), ctx.Err())
	}
}
