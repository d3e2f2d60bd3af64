package remote

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// pondering is an authority that lets everybody in and read, and thinks about figures until nobody wants to know any
// more.
type pondering struct{ thinks atomic.Int64 }

func (p *pondering) Decide(ctx context.Context, q service.Question, _ bool) (service.Verdict, error) {
	if q.Action == contract.ActionMonitor {
		p.thinks.Add(1)
		defer p.thinks.Add(-1)
		<-ctx.Done()
		return service.Verdict{}, ctx.Err()
	}
	return service.Verdict{Allowed: true}, nil
}

func ping(c *client) {
	c.send(head{program: programKeepalive, version: version, procedure: 1, kind: typeMessage}, nil)
}

// TestBusyConnection: while as many calls as may be are at work and others wait, a ping is answered, calls beyond the
// bound are refused, and when the client goes, none is worked on any more.
func TestBusyConnection(t *testing.T) {
	t.Parallel()
	s, who := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil), &pondering{}
	s.access = service.NewAccess(who, slog.New(slog.DiscardHandler))
	c := connect(t, s, 1000, false)
	c.must(70, nil)
	c.open()
	eventually(t, "no call is at work", func() bool { return working(s) == 0 })
	for range maxCalls + maxWaiting {
		c.start(16, about(web))
	}
	ping(c)
	if h, _ := c.next(); h.program != programKeepalive {
		t.Fatalf("got %+v", h)
	}
	if got := c.code(16, about(web)); got != codeResourceBusy {
		t.Errorf("one call more: %d", got)
	}
	eventually(t, "somebody thinks", func() bool { return who.thinks.Load() > 0 })
	_ = c.stream.Close()
	eventually(t, "the client is gone", func() bool { return s.InFlight() == 0 })
	eventually(t, "nothing is worked on", func() bool { return who.thinks.Load() == 0 && s.calls.Load() == 0 })
	eventually(t, "nobody is counted", func() bool {
		s.users.mu.Lock()
		defer s.users.mu.Unlock()
		return len(s.users.of) == 0
	})
}

// working returns how many calls of all connections are at work.
func working(s *Server) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		c.mu.Lock()
		n += c.working
		c.mu.Unlock()
	}
	return n
}

// TestWaitingCalls: calls that wait for others of their connection are carried out in the order in which they came.
func TestWaitingCalls(t *testing.T) {
	t.Parallel()
	f := &fakeCore{list: []service.Snapshot{web}, hold: make(chan struct{})}
	c := opened(t, newServer(t, f, nil), false)
	var want []string
	serials := map[uint32]bool{}
	for range 2 * maxCalls {
		serials[c.start(9, about(web))], serials[c.start(34, about(web))] = true, true
		want = append(want, "start", "suspend")
	}
	close(f.hold)
	for range want { // an answer may overtake another
		h, _ := c.next()
		if !serials[h.serial] || h.status != statusOK {
			t.Fatalf("got %+v", h)
		}
		delete(serials, h.serial)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.order, want) {
		t.Errorf("carried out were %q", f.order)
	}
}

// TestTicketOfDeparted: a call that waits for its turn at a container ends with its connection, and does not hold up
// the next.
func TestTicketOfDeparted(t *testing.T) {
	t.Parallel()
	f := &fakeCore{list: []service.Snapshot{web}, hold: make(chan struct{})}
	s := newServer(t, f, nil)
	first, second, third := opened(t, s, false), opened(t, s, false), opened(t, s, false)
	serial := first.start(9, about(web))
	eventually(t, "the first is at work", func() bool { return s.calls.Load() == 1 })
	for range maxCalls + 2 {
		second.start(9, about(web))
	}
	eventually(t, "the second waits", func() bool { return s.calls.Load() == 1+maxCalls+2 })
	_ = second.stream.Close()
	eventually(t, "only the first call is left", func() bool { return s.InFlight() == 2 && s.calls.Load() == 1 })
	last := third.start(9, about(web))
	eventually(t, "the third waits", func() bool { return s.calls.Load() == 2 })
	close(f.hold)
	for c, want := range map[*client]uint32{first: serial, third: last} {
		if h, _ := c.next(); h.serial != want || h.status != statusOK {
			t.Errorf("got %+v, want serial %d", h, want)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.started) != 2 {
		t.Errorf("%d starts are carried out", len(f.started))
	}
}

// TestPlaceOfDeparted: a connection keeps its place until its last call has ended, so that nobody has more of those
// than is right by coming again.
func TestPlaceOfDeparted(t *testing.T) {
	t.Parallel()
	f := &fakeCore{list: []service.Snapshot{web}, hold: make(chan struct{})}
	s := newServer(t, f, nil)
	c := opened(t, s, false)
	c.start(9, about(web))
	eventually(t, "the start is at work", func() bool { return s.calls.Load() == 1 })
	_ = c.stream.Close()
	eventually(t, "the client is gone", func() bool { return s.InFlight() == 0 })
	places := func() int {
		s.users.mu.Lock()
		defer s.users.mu.Unlock()
		if s.users.of[0] == nil {
			return 0
		}
		return s.users.of[0].has[kindConnections]
	}
	if got := places(); got != 1 {
		t.Errorf("it has %d places", got)
	}
	close(f.hold)
	eventually(t, "its place is free", func() bool { return places() == 0 })
}

// careless is a core, and an authority, with mistakes.
type careless struct {
	*fakeCore
	broken atomic.Bool
}

func (f *careless) Ticket(u domain.UUID) *service.Ticket {
	if f.broken.Load() {
		panic("a mistake")
	}
	return f.fakeCore.Ticket(u)
}

func (f *careless) ByUUID(u domain.UUID) (service.Snapshot, error) {
	if f.broken.Load() {
		panic("a mistake")
	}
	return f.fakeCore.ByUUID(u)
}

func (f *careless) Decide(_ context.Context, q service.Question, _ bool) (service.Verdict, error) {
	if f.broken.Load() && q.Verb == "Get" {
		panic("a mistake")
	}
	return service.Verdict{Allowed: true}, nil
}

// TestPanic: a mistake of ours ends a call or a connection, wherever it is, and not the daemon: the next client is
// served.
func TestPanic(t *testing.T) {
	t.Parallel()
	register := func(e *xdr.Encoder) { e.I32(eventLifecycle); e.Bool(false) }
	conns := func(s *Server) (list []*conn) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.connections {
			list = append(list, c)
		}
		return list
	}
	gone := func(t *testing.T, s *Server, c *client) {
		t.Helper()
		if _, _, err := c.read(); err == nil {
			t.Error("the connection goes on")
		}
		eventually(t, "it is counted out", func() bool { return s.InFlight() == 0 })
	}
	for name, hurt := range map[string]func(*testing.T, *Server, *careless, *client){
		"in a handler": func(t *testing.T, _ *Server, _ *careless, c *client) {
			if got := c.code(7, nil); got != codeInternal { // the core has no such method
				t.Errorf("the call: %d", got)
			}
		},
		"in the reader": func(t *testing.T, s *Server, f *careless, c *client) {
			f.broken.Store(true)
			c.start(9, about(web))
			gone(t, s, c)
		},
		"when a call's turn comes": func(t *testing.T, s *Server, f *careless, c *client) {
			for range maxCalls + 1 {
				c.start(9, about(web))
			}
			ping(c)
			c.next()
			f.broken.Store(true)
			close(f.hold)
			for range maxCalls {
				if _, _, err := c.read(); err != nil {
					break
				}
			}
			eventually(t, "it is counted out", func() bool { return s.InFlight() == 0 })
		},
		"when an event is told": func(t *testing.T, s *Server, f *careless, c *client) {
			c.must(316, register)
			f.broken.Store(true)
			s.Changed(nil, &web, &events.Event{Kind: events.Started})
			gone(t, s, c)
		},
		"when an event is heard": func(_ *testing.T, s *Server, f *careless, c *client) {
			c.must(316, register)
			f.broken.Store(true)
			s.DeviceChanged(web.UUID, "disk0", true)
		},
		"in a stream": func(t *testing.T, s *Server, _ *careless, c *client) {
			one := conns(s)[0]
			h := head{program: programRemote, version: version, procedure: 201, kind: typeStream, serial: 99, status: statusContinue}
			if err := one.enter(99, &console{conn: one, head: h, file: struct{ net.Conn }{}}); err != nil {
				t.Fatal(err)
			}
			c.send(h, func(e *xdr.Encoder) { e.Raw([]byte("x")) })
			gone(t, s, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &careless{fakeCore: &fakeCore{list: []service.Snapshot{web}, hold: make(chan struct{})}}
			s := newServer(t, f.fakeCore, nil)
			s.core, s.access = f, service.NewAccess(f, slog.New(slog.DiscardHandler))
			c := connect(t, s, 1000, false)
			c.must(70, nil)
			c.open()
			hurt(t, s, f, c)
			f.broken.Store(false)
			if got := opened(t, s, false).must(212, about(web)).I32(); got != stateRunning {
				t.Errorf("state %d", got)
			}
		})
	}
}

// TestPanicBeforeServing: a mistake of ours when a client comes costs that client, and the next one is let in.
func TestPanicBeforeServing(t *testing.T) {
	s := newServer(t, &fakeCore{}, nil)
	to := serving(t, s)
	s.users.mu.Lock()
	of := s.users.of
	s.users.of = nil // which panics at the first write
	s.users.mu.Unlock()
	first := &rawClient{t, dial(t, to)}
	if first.write(packet(66, nil)); first.read() >= 0 {
		t.Error("the first is served")
	}
	first.close()
	s.users.mu.Lock()
	s.users.of = of
	s.users.mu.Unlock()
	next := &rawClient{t, dial(t, to)}
	defer next.close()
	if next.write(packet(66, nil)); next.read() != 66 {
		t.Error("the next is not served")
	}
}

// TestGoroutines: no goroutine of the package begins anywhere but in guard.go, where a panic is caught.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			begins := false
			switch n := n.(type) {
			case *ast.GoStmt:
				begins = true
			case *ast.SelectorExpr:
				begins = n.Sel.Name == "Go" || n.Sel.Name == "AfterFunc"
			}
			if begins {
				seen++
			}
			if begins && name != "guard.go" {
				t.Errorf("%s: a goroutine begins", files.Position(n.Pos()))
			}
			return true
		})
	}
	if seen == 0 {
		t.Error("there is none at all")
	}
}
