package remote

import (
	"errors"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// TestHandshake: nothing is answered before the client has said who it is, and but for that nothing before it has
// opened the connection, which it does once.
func TestHandshake(t *testing.T) {
	t.Parallel()
	s := newServer(t, &fakeCore{}, nil)
	c := connect(t, s, 0, false)
	if got := c.code(59, nil); got != codeRPC {
		t.Errorf("the host's name before authentication: %d", got)
	}
	feature := func(n int32) func(*xdr.Encoder) { return func(e *xdr.Encoder) { e.I32(n) } }
	if got := c.must(60, feature(10)).I32(); got != 1 {
		t.Errorf("keepalive: %d", got)
	}
	if got := c.code(60, feature(8)); got != codeRPC {
		t.Errorf("another feature: %d", got)
	}
	if d := c.must(66, nil); d.U32() != 1 || d.I32() != authNone {
		t.Error("root must authenticate")
	}
	if got := c.code(59, nil); got != codeInternal {
		t.Errorf("the host's name before open: %d", got)
	}
	wrong := func(e *xdr.Encoder) { e.OptionalText("qemu:///system"); e.U32(0) }
	if got := c.code(1, wrong); got != codeNoConnect {
		t.Errorf("another driver: %d", got)
	}
	c.open()
	if got := c.must(3, nil).Text(); got != "LXC" {
		t.Errorf("type %q", got)
	}
	if got := c.code(1, wrong); got != codeInternal {
		t.Errorf("a second open: %d", got)
	}
	for number, want := range map[int32]int32{281: codeNoSupport, 187: codeNoSupport, 9999: codeRPC, -1: codeRPC} {
		if got := c.code(number, nil); got != want {
			t.Errorf("procedure %d: %d, want %d", number, got, want)
		}
	}
}

// TestUsers: another user than root is let in by polkit, sees what he may read, and cannot tell what is hidden from
// what is not there.
func TestUsers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		allowed         rules
		connect         int32 // code
		list, state, on int32
	}{
		"nobody":  {nil, codeAuthFailed, 0, 0, 0},
		"blind":   {rules{contract.ActionConnect: true}, 0, codeAccessDenied, codeNoDomain, codeNoDomain},
		"reader":  {rules{contract.ActionConnect: true, contract.ActionRead: true}, 0, 0, 0, codeAccessDenied},
		"manager": {rules{contract.ActionConnect: true, contract.ActionRead: true, contract.ActionControl: true}, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, newServer(t, &fakeCore{list: []service.Snapshot{web}}, tc.allowed), 1000, false)
			if d := c.must(66, nil); d.U32() != 1 || d.I32() != authByRule {
				t.Error("he need not authenticate")
			}
			if got := c.code(70, nil); got != tc.connect {
				t.Fatalf("connect: %d", got)
			}
			if tc.connect != 0 {
				if got := c.code(1, func(e *xdr.Encoder) { e.OptionalText(""); e.U32(0) }); got != codeRPC {
					t.Errorf("open all the same: %d", got)
				}
				return
			}
			c.open()
			if got := c.code(273, func(e *xdr.Encoder) { e.I32(1); e.U32(0) }); got != tc.list {
				t.Errorf("list: %d", got)
			}
			if got := c.code(212, about(web)); got != tc.state {
				t.Errorf("state: %d", got)
			}
			if got := c.code(9, about(web)); got != tc.on {
				t.Errorf("start: %d", got)
			}
			if got := c.code(212, about(db)); got != codeNoDomain {
				t.Errorf("what is not there: %d", got)
			}
		})
	}
}

// TestReadOnly: a client that has come by the socket for readers need not authenticate, and can call nothing that
// changes something.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	c := opened(t, newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil), true)
	if got := c.must(212, about(web)).I32(); got != stateRunning {
		t.Errorf("state %d", got)
	}
	for number, p := range tables()[programRemote] {
		if p.writes && c.code(number, about(web)) != codeOperationDenied {
			t.Errorf("%s is not refused", p.name)
		}
	}
}

// TestList: the flags of a list choose containers, and the number alone can be asked for.
func TestList(t *testing.T) {
	t.Parallel()
	c := opened(t, newServer(t, &fakeCore{list: []service.Snapshot{web, db}}, nil), false)
	for name, tc := range map[string]struct {
		flags uint32
		want  []xdr.Domain
	}{
		"all":           {0, []xdr.Domain{domainOf(&web), domainOf(&db)}},
		"active":        {listActive, []xdr.Domain{{Name: "web", UUID: web.UUID, ID: 7}}},
		"inactive":      {listInactive, []xdr.Domain{{Name: "db", UUID: db.UUID, ID: -1}}},
		"both":          {listActive | listInactive, []xdr.Domain{domainOf(&web), domainOf(&db)}},
		"no snapshot":   {listInactive | listNoSnapshots, []xdr.Domain{domainOf(&db)}},
		"a saved state": {listManagedSave, nil},
	} {
		d := c.must(273, func(e *xdr.Encoder) { e.I32(1); e.U32(tc.flags) })
		var got []xdr.Domain
		for range d.Count(maxList, xdr.LeastDomain) {
			got = append(got, d.Domain())
		}
		if n := d.U32(); !reflect.DeepEqual(got, tc.want) || int(n) != len(tc.want) || d.Err() != nil {
			t.Errorf("%s: %v, %d, %v", name, got, n, d.Err())
		}
		d = c.must(273, func(e *xdr.Encoder) { e.I32(0); e.U32(tc.flags) })
		if d.U32() != 0 || int(d.U32()) != len(tc.want) {
			t.Errorf("%s: the number alone is wrong", name)
		}
	}
	if got := c.code(273, func(e *xdr.Encoder) { e.I32(1); e.U32(1 << 20) }); got != codeInvalidArg {
		t.Errorf("an unknown flag: %d", got)
	}
	if got := c.code(273, nil); got != codeRPC {
		t.Errorf("no arguments: %d", got)
	}
}

// TestPong: a ping is answered while a call of the same client goes on, and calls on one container are worked off in
// the order of arrival.
func TestPong(t *testing.T) {
	t.Parallel()
	f := &fakeCore{list: []service.Snapshot{web, db}, hold: make(chan struct{})}
	c := opened(t, newServer(t, f, nil), false)
	first, second := c.start(9, about(web)), c.start(9, about(web))
	c.send(head{program: programKeepalive, version: 1, procedure: 1, kind: typeMessage}, nil)
	if h, _ := c.next(); h.program != programKeepalive || h.procedure != 2 || h.kind != typeMessage {
		t.Errorf("got %+v", h)
	}
	if got := c.must(212, about(db)).I32(); got != stateShutoff {
		t.Errorf("state %d", got)
	}
	close(f.hold)
	for _, want := range []uint32{first, second} {
		if h, _ := c.next(); h.serial != want || h.status != statusOK {
			t.Errorf("got %+v, want serial %d", h, want)
		}
	}
}

// TestEvents: who has registered is told what happens, once for each callback, and nobody else.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := newServer(t, &fakeCore{list: []service.Snapshot{web, db}}, nil)
	c, silent := opened(t, s, false), opened(t, s, false)
	register := func(only *service.Snapshot) int32 {
		return c.must(316, func(e *xdr.Encoder) {
			e.I32(eventLifecycle)
			e.Bool(only != nil)
			if only != nil {
				e.Domain(domainOf(only))
			}
		}).I32()
	}
	all, one := register(nil), register(&db)
	s.Changed(nil, &web, &events.Event{Kind: events.Started, Detail: events.Booted})
	s.Changed(&db, &db, &events.Event{Kind: events.Stopped, Detail: events.Failed})
	type told struct {
		callback, kind, detail int32
		name                   string
	}
	got := map[told]int{}
	for range 3 {
		h, d := c.next()
		if h.procedure != 318 || h.kind != typeMessage || h.serial != 0 {
			t.Fatalf("got %+v", h)
		}
		n, dom := d.I32(), d.Domain()
		got[told{n, d.I32(), d.I32(), dom.Name}]++
	}
	want := map[told]int{{all, 2, 0, "web"}: 1, {all, 5, 5, "db"}: 1, {one, 5, 5, "db"}: 1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	c.must(317, func(e *xdr.Encoder) { e.I32(all) })
	s.Changed(nil, &web, &events.Event{Kind: events.Started, Detail: events.Booted})
	if got := silent.must(212, about(web)).I32(); got != stateRunning { // and no event before
		t.Errorf("state %d", got)
	}
	if got := c.code(316, func(e *xdr.Encoder) { e.I32(lastEvent + 1); e.Bool(false) }); got != codeInternal {
		t.Errorf("an unknown event: %d", got)
	}
}

// TestSlowClient: one who listens and reads nothing is dropped, and the other one is told everything.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	slow, quick := opened(t, s, false), opened(t, s, false)
	for _, c := range []*client{slow, quick} {
		c.must(316, func(e *xdr.Encoder) { e.I32(eventLifecycle); e.Bool(false) })
	}
	const many = 40_000 // of 60 bytes: more than socket and queue hold
	for n := range many {
		s.Changed(nil, &web, &events.Event{Kind: events.Started, Detail: events.Booted})
		if h, _ := quick.next(); h.procedure != 318 {
			t.Fatalf("event %d is %+v", n, h)
		}
	}
	for {
		if _, _, err := slow.read(); err != nil {
			break
		}
	}
	eventually(t, "one connection is left", func() bool { return s.InFlight() == 1 })
}

// TestUnreadAnswers: of one who calls and reads nothing, no more is read than there is room for answers, also while
// somebody else sends to him. Others are answered.
func TestUnreadAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	slow, other := opened(t, s, false), opened(t, s, false)
	_ = slow.stream.SetWriteDeadline(time.Now().Add(time.Second))
	// The answer to a start is sent by a goroutine of its own, the others by the reader or by whoever sends already.
	start := begin(head{program: programRemote, version: version, procedure: 9, kind: typeCall})
	about(web)(start)
	calls := finish(start)
	for range 50 {
		calls = append(calls, finish(begin(head{program: programRemote, version: version, procedure: 110, kind: typeCall}))...)
	}
	const many = 20_000
	n, err := 0, error(nil)
	for ; n < many && err == nil; n++ {
		_, err = slow.stream.Write(calls)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d times 51 calls were taken, %v", n, err)
	}
	s.mu.Lock()
	for c := range s.connections {
		c.out.mu.Lock()
		if c.out.queued > maxQueued {
			t.Errorf("%d bytes wait", c.out.queued)
		}
		c.out.mu.Unlock()
	}
	s.mu.Unlock()
	if got := other.must(212, about(web)).I32(); got != stateRunning {
		t.Errorf("state %d", got)
	}
}

// TestConsole: the reply comes before what the console prints; what the client types arrives; its end ends the stream,
// and is answered.
func TestConsole(t *testing.T) {
	t.Parallel()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	container := os.NewFile(uintptr(fds[1]), "container")
	defer func() { _ = container.Close() }()
	c := opened(t, newServer(t, &fakeCore{list: []service.Snapshot{web}, console: os.NewFile(uintptr(fds[0]), "console")}, nil), false)
	if _, err := container.WriteString("hello"); err != nil {
		t.Fatal(err)
	}
	c.must(201, func(e *xdr.Encoder) {
		e.Domain(domainOf(&web))
		e.Bool(false)
		e.U32(0)
	})
	h, d := c.next()
	if text := make([]byte, 5); h.kind != typeStream || h.status != statusContinue || h.serial != c.serial || d.Left() != len(text) {
		t.Fatalf("got %+v with %d bytes", h, d.Left())
	}
	stream := head{program: programRemote, version: version, procedure: 201, kind: typeStream, serial: c.serial, status: statusContinue}
	c.send(stream, func(e *xdr.Encoder) { e.Raw([]byte("typed")) })
	text := make([]byte, 5)
	if n, err := container.Read(text); err != nil || string(text[:n]) != "typed" {
		t.Errorf("got %q, %v", text[:n], err)
	}
	stream.status = statusOK
	c.send(stream, nil)
	if h, _ := c.next(); h.kind != typeStream || h.status != statusOK {
		t.Errorf("got %+v", h)
	}
	if n, err := container.Read(text); n > 0 || err == nil {
		t.Errorf("the console is still open: %d, %v", n, err)
	}
}
