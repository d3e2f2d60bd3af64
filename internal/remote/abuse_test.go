package remote

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

const mostOfOne = 40 << 10 // bytes that a connection may cost

// length is what a packet begins with: how long it is.
func length(n uint32) []byte {
	e := &xdr.Encoder{}
	e.U32(n)
	return e.Bytes()
}

// TestComeAndGo: 10,000 clients that leave at once, in the middle of a packet, after a lie about its length or before
// the answer leave neither descriptors nor memory behind, and who comes after them is served.
func TestComeAndGo(t *testing.T) {
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	to := serving(t, s)
	stay := opened(t, s, false)
	come := func(times int, say []byte) {
		for range times {
			c := &rawClient{t, dial(t, to)}
			c.write(say)
			c.close()
		}
		last := &rawClient{t, dial(t, to)} // when it is served, all others have been accepted
		last.write(packet(66, nil))
		last.read()
		last.close()
		eventually(t, "one client is left", func() bool { return s.InFlight() == 1 })
	}
	come(100, nil)
	fds, before := descriptors(t), memory()
	for _, tc := range []struct {
		name string
		say  []byte
	}{
		{"nothing", nil},
		{"half a length", length(1 << 20)[:2]},
		{"half a packet", append(length(1<<20), make([]byte, 6000)...)},
		{"a length too large", length(1<<32 - 1)},
		{"a length too small", length(3)},
		{"calls", bytes.Repeat(packet(66, nil), 20)},
		{"a stream of nothing", finish(begin(head{program: programRemote, version: version, kind: typeStream, status: statusContinue}))},
		{"no packet of a client", finish(begin(head{program: programRemote, version: version, kind: typeReply}))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			come(1250, tc.say)
			closed(t, fds)
			eventually(t, "nothing is left", func() bool { return memory()-before <= 1<<20 })
		})
	}
	if got := stay.must(212, about(web)).I32(); got != stateRunning {
		t.Errorf("state %d", got)
	}
}

// TestIdleConnection: a connection that waits costs less than 40 KiB, whatever was said before and whatever is
// announced.
func TestIdleConnection(t *testing.T) {
	const many = 400
	register := packet(316, func(e *xdr.Encoder) { e.I32(eventLifecycle); e.Bool(false) })
	long := func(size int) []byte {
		return packet(212, func(e *xdr.Encoder) { about(web)(e); e.Raw(make([]byte, size)) })
	}
	for _, tc := range []struct {
		name    string
		say     []byte
		answers int
	}{
		{"opened", nil, 0},
		{"with callbacks", bytes.Repeat(register, maxCallbacks), maxCallbacks},
		{"after a packet of 50 KiB", long(50 << 10), 1},
		{"after a packet of 200 KiB", long(200 << 10), 1},
		{"in a packet of 8 MiB", append(length(maxKnown), make([]byte, 100)...), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
			before := memory()
			for range many {
				c := joined(t, s, 0)
				defer c.close()
				c.write(tc.say)
				for range tc.answers {
					c.read()
				}
			}
			each := (memory() - before) / many
			t.Logf("%d bytes a connection", each)
			if each > mostOfOne || s.InFlight() != many {
				t.Errorf("each of %d connections costs %d bytes", s.InFlight(), each)
			}
		})
	}
}

// TestSubscribers: of 1,000 clients of root that listen, one that hangs is dropped with bounded memory, the others are
// told everything, and another user still comes in.
func TestSubscribers(t *testing.T) {
	const (
		many     = 1000
		happened = 25 // times: with maxCallbacks and a long name, more than socket and queue of one client hold
	)
	long := web
	long.Name = strings.Repeat("n", 1000)
	s := newServer(t, &fakeCore{list: []service.Snapshot{long}}, nil)
	fds, before := descriptors(t), memory()
	listener := func(callbacks int) *rawClient {
		c := joined(t, s, 0)
		c.write(bytes.Repeat(packet(316, func(e *xdr.Encoder) { e.I32(eventLifecycle); e.Bool(false) }), callbacks))
		for range callbacks {
			c.read()
		}
		return c
	}
	hangs, list := listener(maxCallbacks), make([]*rawClient, many-1)
	for i := range list {
		list[i] = listener(1)
	}
	for range happened {
		s.Changed(nil, &long, &events.Event{Kind: events.Started, Detail: events.Booted})
	}
	used := memory() - before
	t.Logf("%d KiB are used", used>>10)
	if most := int64(many*mostOfOne + 2*maxQueued); used > most {
		t.Errorf("%d KiB are used, %d would be right", used>>10, most>>10)
	}
	eventually(t, "who hangs is dropped", func() bool { return s.InFlight() == many-1 })
	want := bytes.Repeat((&happening{about: domainOf(&long), numbers: [2]int32{2, 0}}).message(0), happened)
	got := make([]byte, len(want))
	for i, c := range list {
		if !c.exactly(got) || !bytes.Equal(got, want) {
			t.Fatalf("client %d is not told everything", i)
		}
	}
	joined(t, s, 1000).close()
	hangs.close()
	for _, c := range list {
		c.close()
	}
	eventually(t, "nobody is left", func() bool { return s.InFlight() == 0 })
	closed(t, fds)
}

// TestRefusedDescriptors: descriptors that come with a call that is refused, or with a packet that breaks the rules,
// are closed at once.
func TestRefusedDescriptors(t *testing.T) {
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	call := func(procedure int32) []byte {
		e := begin(head{program: programRemote, version: version, procedure: procedure, kind: typeCallFDs})
		e.U32(maxFiles)
		about(web)(e)
		return finish(e)
	}
	ping := begin(head{program: programKeepalive, version: version, procedure: 1, kind: typeCallFDs})
	ping.U32(maxFiles)
	for _, tc := range []struct {
		name   string
		packet []byte
		uid    uint32
	}{
		{"no such procedure", call(9999), 0},
		{"not served", call(187), 0},
		{"read only", call(310), 1000},
		{"a keepalive", finish(ping), 0},
		{"a call that takes none", call(212), 0},
		{"not announced", packet(212, about(web)), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close them some day
			fds := descriptors(t)
			c := joined(t, s, tc.uid)
			defer c.close()
			for range 10 {
				c.write(tc.packet)
				for range maxFiles {
					_ = syscall.Sendmsg(c.fd, []byte{0}, syscall.UnixRights(int(os.Stderr.Fd())), nil, 0)
				}
			}
			_ = syscall.Shutdown(c.fd, syscall.SHUT_WR)
			for c.read() >= 0 {
			}
			eventually(t, "the client is gone", func() bool { return s.InFlight() == 0 })
			closed(t, fds+1) // the client's own
		})
	}
}

// unsure is an authority that would let everybody in after a dialogue, and finds nobody for that.
type unsure struct{}

func (unsure) Decide(context.Context, service.Question, bool) (service.Verdict, error) {
	return service.Verdict{Challenge: true}, nil
}

// TestStrangers: a client that does not authenticate is dropped after a time, also after it was refused or had no
// agent.
func TestStrangers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		authority service.Authority
		say       []byte
	}{
		"silent":                 {rules{}, nil},
		"in a packet":            {rules{}, length(maxStrange)},
		"in a long packet":       {rules{}, length(maxStrange + 1)},
		"has asked how":          {rules{}, packet(66, nil)},
		"was refused":            {rules{}, packet(70, nil)},
		"had no agent":           {unsure{}, packet(70, nil)},
		"was refused, then half": {rules{}, append(packet(70, nil), 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := slog.New(slog.DiscardHandler)
			s := newServer(t, &fakeCore{}, nil)
			s.access, s.patience = service.NewAccess(tc.authority, log), 50*time.Millisecond
			c := connect(t, s, 1000, false)
			_, _ = c.stream.Write(tc.say) // on a busy machine it is dropped before
			eventually(t, "it is dropped", func() bool { return s.InFlight() == 0 })
		})
	}
	t.Run("asks again and again", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, &fakeCore{}, nil)
		s.patience = 50 * time.Millisecond
		c := connect(t, s, 1000, false)
		go func() { _, _ = io.Copy(io.Discard, c.stream) }()
		eventually(t, "it is dropped", func() bool {
			_, err := c.stream.Write(packet(70, nil))
			return err != nil
		})
	})
}
