package remote

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// TestLongWords: an error of any length reaches the client with its begin, as text that it can show.
func TestLongWords(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"letters": strings.Repeat("x", 1<<20), "wide": "x" + strings.Repeat("é", mostWords), "zeros": strings.Repeat("\x00", mostWords), "broken": strings.Repeat("\xff\x00", 1<<20),
	} {
		e := &xdr.Encoder{}
		fault(codeInternal, domainLXC, "%s", text).encode(e)
		d := xdr.NewDecoder(e.Bytes())
		d.I32()
		d.I32()
		got, is := d.OptionalText()
		if d.Err() != nil || !is || len(got) > mostWords || len(got) < mostWords/2 || !strings.HasSuffix(got, "…") {
			t.Errorf("%s: %d bytes, %v", name, len(got), d.Err())
		}
	}
	c := opened(t, newServer(t, &fakeCore{}, nil), false)
	if got := c.code(23, func(e *xdr.Encoder) { e.Text(strings.Repeat("n", 1<<20)) }); got != codeNoDomain {
		t.Errorf("a name of 1 MiB: %d", got)
	}
}

// TestLongAnswer: an answer that is longer than clients take is an error, and the connection goes on.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	c := opened(t, newServer(t, &fakeCore{list: []service.Snapshot{web}, xml: strings.Repeat("x", xdr.MaxString+1)}, nil), false)
	if got := c.code(14, about(web)); got != codeRPC {
		t.Errorf("a definition of more than 4 MiB: %d", got)
	}
	if got := c.must(212, about(web)).I32(); got != stateRunning {
		t.Errorf("state %d", got)
	}
}

// TestLongEvent: who watches is told of metadata with a namespace of any length, and not dropped for it.
func TestLongEvent(t *testing.T) {
	t.Parallel()
	s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, nil)
	c := opened(t, s, false)
	for range maxCallbacks {
		c.must(316, func(e *xdr.Encoder) { e.I32(eventMetadata); e.Bool(false) })
	}
	s.MetadataChanged(web.UUID, domain.MetadataElement, strings.Repeat("u", 2*maxQueued))
	for range maxCallbacks {
		h, d := c.next()
		d.I32()
		d.Domain()
		kind := d.I32()
		if _, named := d.OptionalText(); h.procedure != 379 || kind != 2 || named || d.Err() != nil {
			t.Errorf("got %+v, kind %d, %v", h, kind, d.Err())
		}
	}
}

// TestCallbackNumbers: the number of a callback is never below 0, and no two of a connection have the same, however
// often one has registered.
func TestCallbackNumbers(t *testing.T) {
	t.Parallel()
	s := newServer(t, &fakeCore{}, nil)
	c := opened(t, s, false)
	register := func() int32 {
		return c.must(316, func(e *xdr.Encoder) { e.I32(eventLifecycle); e.Bool(false) }).I32()
	}
	first := register()
	s.mu.Lock()
	for one := range s.connections {
		one.mu.Lock()
		one.last = math.MaxInt32
		one.mu.Unlock()
	}
	s.mu.Unlock()
	if last, next := register(), register(); first != 0 || last != math.MaxInt32 || next != 1 {
		t.Errorf("the numbers are %d, %d, %d", first, last, next)
	}
	for range 2 * maxCallbacks { // and those that have gone leave nothing
		n := register()
		c.must(317, func(e *xdr.Encoder) { e.I32(n) })
	}
	if got := c.code(317, func(e *xdr.Encoder) { e.I32(-1) }); got != codeInternal {
		t.Errorf("callback -1 is deregistered: %d", got)
	}
}

func (f *fakeCore) Define(context.Context, []byte) (service.Snapshot, error) {
	return service.Snapshot{}, fmt.Errorf("define: %w", service.ErrDenied)
}

func (f *fakeCore) CreateWith(_ context.Context, xml []byte, o service.StartOptions) (service.Snapshot, error) {
	if len(xml) == 0 {
		return service.Snapshot{}, service.ErrTooManyDialogues
	}
	snap := service.Snapshot{Name: string(xml), State: service.StateRunning, ID: 9}
	copy(snap.UUID[:], xml)
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.Owner != "" && !strings.HasPrefix(snap.Name, "short") {
		f.list = append(f.list, snap)
	}
	return snap, nil
}

func (f *fakeCore) DestroyOwned(_ context.Context, u domain.UUID, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.destroyed = append(f.destroyed, u)
	return nil
}

// TestRefusedByCore: a right that the core finds lacking, since a definition reaches another container, is a refusal
// and no internal error.
func TestRefusedByCore(t *testing.T) {
	t.Parallel()
	c := opened(t, newServer(t, &fakeCore{}, nil), false)
	for number, write := range map[int32]func(*xdr.Encoder){
		11: func(e *xdr.Encoder) { e.Text("<domain/>") }, 350: func(e *xdr.Encoder) { e.Text("<domain/>"); e.U32(0) },
		10: func(e *xdr.Encoder) { e.Text(""); e.U32(0) },
	} {
		_, err := c.call(number, write)
		if e, is := err.(*remoteError); !is || e.code != codeAccessDenied || e.from != domainAccess { //nolint:errorlint // it is never wrapped
			t.Errorf("procedure %d: %v", number, err)
		}
	}
}

// TestOwned: what was started to end with a connection does, once for each container, and those that have ended before
// are not kept in mind.
func TestOwned(t *testing.T) {
	t.Parallel()
	f := &fakeCore{}
	s := newServer(t, f, nil)
	c := opened(t, s, false)
	create := func(name string) {
		c.must(10, func(e *xdr.Encoder) { e.Text(name); e.U32(startAutodestroy) })
	}
	for range 3 * fewOwned {
		create("stays")
	}
	for n := range 20 * fewOwned {
		create(fmt.Sprintf("short%d", n))
	}
	s.mu.Lock()
	for one := range s.connections {
		one.mu.Lock()
		if n := len(one.owned); n > fewOwned {
			t.Errorf("%d containers are noted", n)
		}
		one.mu.Unlock()
	}
	s.mu.Unlock()
	_ = c.stream.Close()
	eventually(t, "the client is gone", func() bool { return s.InFlight() == 0 })
	f.mu.Lock()
	defer f.mu.Unlock()
	count := map[domain.UUID]int{}
	for _, u := range f.destroyed {
		count[u]++
	}
	if u := (domain.UUID{'s', 't', 'a', 'y', 's'}); count[u] != 1 {
		t.Errorf("it is destroyed %d times", count[u])
	}
}

// swapped is a core of which a container is replaced by another one with its uuid before figures are read.
type swapped struct {
	*fakeCore
	later service.Snapshot
}

func (f *swapped) AllStats(_ figures.Wanted, wanted func(*service.Snapshot) bool) (list []service.Stats, err error) {
	if wanted(&f.later) {
		list = append(list, service.Stats{Snapshot: f.later})
	}
	return list, nil
}

// TestStatsOfReplaced: a right to read a container's figures is none for another container that has its uuid by then,
// and holds for the next run of the same one.
func TestStatsOfReplaced(t *testing.T) {
	t.Parallel()
	restarted, renamed, given := web, web, web
	restarted.Run++
	renamed.Name = "other"
	given.OwnedBy = service.User{Set: true, UID: 1001}
	for name, tc := range map[string]struct {
		later service.Snapshot
		want  uint32
	}{"the same": {web, 1}, "started again": {restarted, 1}, "another name": {renamed, 0}, "another owner": {given, 0}} {
		s := newServer(t, &fakeCore{list: []service.Snapshot{web}}, rules{contract.ActionConnect: true, contract.ActionMonitor: true})
		s.core = &swapped{&fakeCore{list: []service.Snapshot{web}}, tc.later}
		c := connect(t, s, 1000, false)
		c.must(70, nil)
		c.open()
		if got := c.must(344, func(e *xdr.Encoder) { e.U32(0); e.U32(groupState); e.U32(0) }).U32(); got != tc.want {
			t.Errorf("%s: %d containers, want %d", name, got, tc.want)
		}
	}
}
