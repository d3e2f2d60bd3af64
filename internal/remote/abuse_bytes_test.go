package remote

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// hesitant is an authority that lets everybody read, and does not answer about figures.
type hesitant struct{}

func (hesitant) Decide(ctx context.Context, q service.Question, _ bool) (service.Verdict, error) {
	if q.Action == contract.ActionMonitor {
		<-ctx.Done()
		return service.Verdict{}, ctx.Err()
	}
	return service.Verdict{Allowed: q.Action == contract.ActionRead}, nil
}

// TestBytesOfUser: packets that are half sent, calls that wait and answers that nobody reads take no more than one user
// may have, leave nothing when he goes, and others are served meanwhile.
func TestBytesOfUser(t *testing.T) {
	const large = 3 << 20
	call := func(procedure int32, trailing int) []byte {
		return packet(procedure, func(e *xdr.Encoder) { about(web)(e); e.Raw(make([]byte, trailing)) })
	}
	for _, tc := range []struct {
		name    string
		clients int
		packet  []byte
		times   int
	}{
		{"half-sent packets", 16, append(length(maxKnown), make([]byte, 2*large)...), 1},
		{"calls that wait", 4, call(159, large), maxCalls},
		{"answers that nobody reads", 8, call(14, 0), maxCalls},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, &fakeCore{list: []service.Snapshot{web}, xml: strings.Repeat("x", large)}, nil)
			s.access = service.NewAccess(hesitant{}, slog.New(slog.DiscardHandler))
			root, other := joined(t, s, 0), joined(t, s, 1001)
			defer root.close()
			defer other.close()
			before := memory()
			list := make([]*rawClient, tc.clients)
			for i := range list {
				list[i] = joined(t, s, 1000)
				for range tc.times {
					list[i].write(tc.packet)
				}
			}
			for _, c := range []*rawClient{root, other} {
				c.write(packet(212, about(web)))
				if got := c.read(); got != 212 {
					t.Errorf("the answer is %d", got)
				}
			}
			// Answers in the making are counted once they are made: those that are too much are gone then.
			most := int64(shares()[kindBytes].each + tc.clients*mostOfOne + large)
			eventually(t, "no more is used than is right", func() bool {
				used := memory() - before
				t.Logf("%d KiB are used", used>>10)
				return used <= most
			})
			for _, c := range list {
				c.close()
			}
			eventually(t, "two are left", func() bool { return s.InFlight() == 2 })
			eventually(t, "nothing is counted any more", func() bool {
				s.users.mu.Lock()
				defer s.users.mu.Unlock()
				return len(s.users.of) == 2
			})
			eventually(t, "nothing is left", func() bool { return memory()-before < 1<<20 })
		})
	}
}

// TestEventBesideAnswer: events do not cost a client its connection while a long answer is on its way to it.
func TestEventBesideAnswer(t *testing.T) {
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}, xml: strings.Repeat("x", 3*maxQueued)}, nil)
	c := joined(t, s, 0)
	defer c.close()
	c.write(packet(316, func(e *xdr.Encoder) { e.I32(eventLifecycle); e.Bool(false) }))
	c.read()
	c.write(packet(14, about(web)))
	eventually(t, "the answer is on its way", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for one := range s.connections {
			one.out.mu.Lock()
			defer one.out.mu.Unlock()
			return one.out.busy
		}
		return false
	})
	const many = 100
	for range many {
		s.Changed(nil, &web, &events.Event{Kind: events.Started, Detail: events.Booted})
	}
	got := map[int32]int{}
	for range many + 1 {
		got[c.read()]++
	}
	if got[14] != 1 || got[318] != many {
		t.Errorf("the client is sent %v", got)
	}
}

// TestTypingFlood: a client that types more than its container reads loses the stream with one error, and not its
// connection.
func TestTypingFlood(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	container := os.NewFile(uintptr(fds[1]), "container")
	defer func() { _ = container.Close() }()
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}, console: os.NewFile(uintptr(fds[0]), "console")}, nil)
	c := opened(t, s, false)
	before := memory()
	c.must(201, func(e *xdr.Encoder) {
		e.Domain(domainOf(&web))
		e.Bool(false)
		e.U32(0)
	})
	stream := head{program: programRemote, version: version, procedure: 201, kind: typeStream, serial: c.serial, status: statusContinue}
	e := begin(stream)
	e.Raw(make([]byte, 1000))
	flood := bytes.Repeat(finish(e), 1000)
	for range 10 {
		if _, err := c.stream.Write(flood); err != nil {
			t.Fatal(err)
		}
	}
	serial := c.start(212, about(web))
	ends := 0
	for {
		h, _ := c.next()
		if h.serial == serial && h.kind == typeReply {
			break
		}
		if h.kind == typeStream && h.status == statusError {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("the stream has ended %d times", ends)
	}
	eventually(t, "nothing of it is kept", func() bool { return memory()-before <= 1<<20 })
}
