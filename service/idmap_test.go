package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/idrange"
)

const auto = "<container xmlns='urn:berth:container:1'><idmap mode='auto'/></container>"

// idmapAt maps n ids of the host from first on.
func idmapAt(first, n int) string {
	return fmt.Sprintf("<idmap><uid start='0' target='%d' count='%d'/><gid start='0' target='%[1]d' count='%[2]d'/></idmap>", first, n)
}

func uuidXML(u domain.UUID) string { return "<uuid>" + u.String() + "</uuid>" }

// mapOf reads a container's first id of the host back from its XML, as the next daemon would.
func mapOf(t *testing.T, s *Service, u domain.UUID, inactive bool) uint32 {
	t.Helper()
	text, err := s.XML(u, inactive)
	if err != nil {
		t.Fatal(err)
	}
	def, err := domain.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	uids, gids := def.IDMap.UIDs, def.IDMap.GIDs
	if !def.Extension.AutoIDMap || len(uids) != 1 || !cmp.Equal(uids, gids) || uids[0].Start != 0 || uids[0].Count != 65536 {
		t.Fatalf("it has no range of its own:\n%s", text)
	}
	return uids[0].Target
}

// refusedIDs checks that a definition is refused by the element and leaves nothing.
func refusedIDs(t *testing.T, s *Service, name, want string, more ...string) {
	t.Helper()
	before := len(s.List())
	for _, f := range []func(context.Context, []byte) (Snapshot, error){s.Define, s.Create} {
		_, err := f(context.Background(), xmlOf(name, more...))
		var e *domain.Error
		if !errors.As(err, &e) || e.Element != "domain/berth:container/berth:idmap" || !strings.Contains(e.Text, want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if after := len(s.List()); after != before {
		t.Errorf("%s: %d containers, there were %d", name, after, before)
	}
}

// TestAutoIDs: a free range is found, kept by its container, refused to others, and free again
// after undefine.
func TestAutoIDs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.ids = []idrange.Span{{First: 11<<16 + 7, Last: 11<<16 + 7}}
	s := w.service(t)
	ctx := context.Background()
	define(t, s, "byhand", idmapAt(13<<16+1000, 10))
	a, b := define(t, s, "a", auto), define(t, s, "b", auto)
	first, second := mapOf(t, s, a, true), mapOf(t, s, b, true)
	if first+second != 10<<16+12<<16 || first == second {
		t.Errorf("got %d and %d", first, second)
	}
	refusedIDs(t, s, "c", "no 65536 ids in a row are free of those that IDRange=655360-917503", auto)

	define(t, s, "a", uuidXML(a), auto)
	if again := mapOf(t, s, a, true); again != first {
		t.Errorf("defined again it has %d, not %d", again, first)
	}
	define(t, s, "a", uuidXML(a), auto, idmapAt(int(first), 65536))
	if s, _ = again(t, w); mapOf(t, s, a, true) != first || mapOf(t, s, b, true) != second {
		t.Error("the next daemon has others")
	}
	s.NewUUID = func() domain.UUID { return domain.UUID{0xcc} } // the world's begin anew
	refusedIDs(t, s, "c", "container 'b' has some of the ids", auto, idmapAt(int(second)+65535, 5))
	refusedIDs(t, s, "c", "container 'byhand' has some of the ids", auto, idmapAt(13<<16, 65536))
	refusedIDs(t, s, "c", "the host itself uses 720903-720903", auto, idmapAt(11<<16, 65536))
	c := define(t, s, "c", auto, idmapAt(13<<16, 1000))
	if err := s.Undefine(ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := s.Undefine(ctx, b); err != nil {
		t.Fatal(err)
	}
	if now := mapOf(t, s, define(t, s, "c", auto), true); now != second {
		t.Errorf("after undefine it got %d, and %d is free", now, second)
	}
}

// TestAutoIDsOfARun: a running container keeps its ids whatever becomes of its definition, also
// between two lives.
func TestAutoIDsOfARun(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.ids = []idrange.Span{{First: 11 << 16, Last: 14<<16 - 1}} // one is free
	s := w.service(t)
	ctx := context.Background()
	u := define(t, s, "web", auto)
	if err := s.Start(ctx, u); err != nil {
		t.Fatal(err)
	}
	define(t, s, "web", uuidXML(u))
	refusedIDs(t, s, "other", "no 65536 ids", auto)
	between := 0
	w.onCall("supervisor.Prepare", func() {
		refusedIDs(t, s, "other", "no 65536 ids", auto)
		between++
	})
	c, _ := s.find(u)
	over := c.run.over
	w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGHUP)}})
	<-over
	if mapOf(t, s, u, false) != 10<<16 || between != 1 {
		t.Errorf("%d lives after the first", between)
	}
	define(t, s, "web", uuidXML(u), auto) // it takes back what runs
	if mapOf(t, s, u, true) != 10<<16 {
		t.Error("defined again, it has not what runs")
	}
	w.onCall("supervisor.Prepare", nil)
	define(t, s, "web", uuidXML(u))
	if err := s.Destroy(ctx, u); err != nil {
		t.Fatal(err)
	}
	define(t, s, "web", uuidXML(u)) // off, and defined without them: they are free
	if got, err := s.Create(ctx, xmlOf("brief", auto)); err != nil || mapOf(t, s, got.UUID, false) != 10<<16 {
		t.Errorf("a transient one got %v, %v", got, err)
	}
	refusedIDs(t, s, "other", "no 65536 ids", auto)
}

// TestAutoIDsAtOnce: 100 definitions at once get 100 ranges.
func TestAutoIDsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	var n sync.Mutex
	count := byte(0)
	s.NewUUID = func() domain.UUID { n.Lock(); defer n.Unlock(); count++; return domain.UUID{1, count} }
	s.IDRange = idrange.Default()
	s.Definitions = definitionsNowhere{}
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() { _, _ = s.Define(context.Background(), xmlOf(fmt.Sprint("c", i), auto)) })
	}
	all.Wait()
	seen := map[uint32]bool{}
	for _, snap := range s.List() {
		seen[mapOf(t, s, snap.UUID, true)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d ranges of 100 containers", len(seen))
	}
}

type definitionsNowhere struct{ definitionsFake }

func (definitionsNowhere) Save(*domain.Def) error              { return nil }
func (definitionsNowhere) SetAutostart(string, bool) error     { return nil }
func (definitionsNowhere) SetAutostartOnce(string, bool) error { return nil }

// TestAutoIDsFailures: a definition that is not accepted takes no ids, and a container without ids
// does not start.
func TestAutoIDsFailures(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.ids = []idrange.Span{{First: 11 << 16, Last: 14<<16 - 1}} // one is free
	s := w.service(t)
	ctx := context.Background()
	for _, fault := range []string{"hostids.Taken", "definitions.Save"} {
		w.fault = fault
		if _, err := s.Define(ctx, xmlOf("web", auto)); !errors.Is(err, errFault) || len(s.List()) > 0 {
			t.Errorf("%s: %v, %v", fault, err, s.List())
		}
	}
	w.fault = "supervisor.Prepare"
	if _, err := s.Create(ctx, xmlOf("web", auto)); !errors.Is(err, errFault) || len(s.List()) > 0 {
		t.Errorf("create: %v, %v", err, s.List())
	}
	w.fault = ""
	u := define(t, s, "old")
	w.fault = "definitions.Save"
	if _, err := s.Define(ctx, xmlOf("old", uuidXML(u), auto)); !errors.Is(err, errFault) {
		t.Errorf("redefine: %v", err)
	}
	w.fault = ""
	define(t, s, "new", auto)

	// A file that somebody wrote: no ids are no reason to run with the host's.
	def, err := domain.Parse(xmlOf("odd", fixedUUID, auto))
	if err != nil {
		t.Fatal(err)
	}
	w.definitions["odd"] = def
	s, _ = again(t, w)
	var start *StartError
	if err := s.Start(ctx, def.UUID); !errors.As(err, &start) || !strings.Contains(err.Error(), "no ids have been chosen yet") {
		t.Errorf("without ids: %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
