package service

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/berthd/berth/internal/domain"
)

var errUnreadable = errors.New("unexpected end of JSON input")

// TestUnreadableNotes: a container whose note cannot be used, or whose live definition cannot be read, is seen,
// suspended, stopped and released by what the kernel and machined know of it.
func TestUnreadableNotes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		saved    func(SavedRun) SavedRun
		undefine bool // it was transient
		hanging  bool // its supervisor does not answer
		lost     bool // its supervisor is gone, and the container's processes live
		want     string
	}{
		"damaged":                     {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, errUnreadable} }, false, false, false, "web"},
		"damaged, hanging":            {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, errUnreadable} }, false, true, false, "web"},
		"damaged, transient":          {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, errUnreadable} }, true, false, false, "web"},
		"damaged, transient, hanging": {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, errUnreadable} }, true, true, false, "web"},
		"missing":                     {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, fs.ErrNotExist} }, false, false, false, "web"},
		"missing, hanging":            {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, fs.ErrNotExist} }, true, true, false, "web"},
		"damaged, lost":               {func(s SavedRun) SavedRun { return SavedRun{Run{UUID: s.Run.UUID}, errUnreadable} }, false, false, true, ""},
		"newer definition": {func(s SavedRun) SavedRun {
			s.Run.XML = strings.Replace(s.Run.XML, "<memory", "<new/><memory", 1)
			return s
		}, false, false, false, "web"},
		"newer, transient": {func(s SavedRun) SavedRun {
			s.Run.XML = strings.Replace(s.Run.XML, "<memory", "<new/><memory", 1)
			return s
		}, true, true, false, "web"},
		"no definition":      {func(s SavedRun) SavedRun { s.Run.XML = ""; return s }, true, false, false, "web"},
		"of an older daemon": {func(s SavedRun) SavedRun { s.Run.Version, s.Run.GroupID, s.Run.Leader = 0, 0, 0; return s }, false, false, false, "web"},
		"older, lost":        {func(s SavedRun) SavedRun { s.Run.Version, s.Run.GroupID, s.Run.Leader = 0, 0, 0; return s }, false, false, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				first, u := running(t, w)
				w.kill(first)
				w.runs[u] = tc.saved(w.runs[u])
				if tc.undefine {
					clear(w.definitions)
				}
				sup := w.supervisors[u.String()]
				sup.hanging.Store(tc.hanging)
				if tc.lost {
					sup.finish(End{})
				}
				s := next(t, w)
				snap, err := s.ByUUID(u)
				if tc.want == "" {
					if snap.State != StateShutoff || snap.Reason != ReasonFailed || err != nil {
						t.Errorf("it is %s/%s, %v", snap.State, snap.Reason, err)
					}
				} else {
					if err != nil || snap.Name != tc.want || snap.State != StateRunning || snap.Unit != "web.scope" || snap.ControlGroup == "" {
						t.Errorf("%+v, %v", snap, err)
					}
					for _, do := range []func(*Service, context.Context, domain.UUID) error{(*Service).Suspend, (*Service).Resume, (*Service).Destroy} {
						if err := do(s, context.Background(), u); err != nil {
							t.Error(err)
						}
					}
				}
				if left := w.left(); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		})
	}
}

// TestNothingIsKnown: a run of which neither a note nor the kernel nor machined knows anything is no run,
// and its directory goes. As long as machined cannot be asked about one with a note, the directory stays.
func TestNothingIsKnown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err     error // of the note
		last    bool  // what the directory holds is kept as the last run's
		hanging bool  // machined does not answer
	}{
		"never begun":                    {fs.ErrNotExist, false, false},
		"damaged note":                   {errUnreadable, true, false},
		"damaged note, hanging machined": {errUnreadable, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s := w.service(t)
				u := define(t, s, "web")
				w.runs[u] = SavedRun{Run{UUID: u}, tc.err}
				if tc.hanging {
					w.fault = "machines.Find"
				}
				s = next(t, w)
				if snap, err := s.ByUUID(u); err != nil || snap.State != StateShutoff {
					t.Errorf("%s, %v", snap.State, err)
				}
				if _, last := w.last[u]; (len(w.runs) > 0) != tc.hanging || last != tc.last {
					t.Errorf("runs %v, last %v", w.runs, w.last)
				}
			})
		})
	}
}

// TestLastRunsOfNobody: the last run of a container that does not exist goes, unless a definition cannot
// be read that may be its.
func TestLastRunsOfNobody(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][]Unreadable{"all are read": nil, "one is not": {{Name: "db", Err: errUnreadable}}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			known := define(t, w.service(t), "web")
			w.last[known], w.last[domain.UUID{1}], w.bad = Run{}, Run{}, bad
			next(t, w)
			if _, kept := w.last[known]; !kept {
				t.Errorf("%s: the last run of web is gone", name)
			}
			if _, kept := w.last[domain.UUID{1}]; kept != (bad != nil) {
				t.Errorf("%s: that of nobody is kept: %v", name, kept)
			}
		})
	}
}

// TestUnreadableDefinitions: who asks for a container whose definition cannot be read is told so, nobody else
// gets its ids, and a new definition takes its place.
func TestUnreadableDefinitions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ids := []domain.IDRange{{Target: 10 << 16, Count: 4 << 16}} // all that may be chosen
	w.bad = []Unreadable{{Name: "web", Err: errUnreadable, Def: &domain.Def{Name: "web", IDMap: domain.IDMap{UIDs: ids, GIDs: ids}}}}
	s, _ := again(t, w)
	if _, err := s.ByName("web"); !errors.Is(err, ErrUnreadable) || !errors.Is(err, errUnreadable) {
		t.Errorf("find: %v", err)
	}
	if _, err := s.Define(context.Background(), xmlOf("db", auto)); err == nil {
		t.Error("another container got its ids")
	}
	define(t, s, "web")
	if _, err := s.ByName("web"); err != nil {
		t.Errorf("find, defined again: %v", err)
	}
	if _, err := s.Define(context.Background(), xmlOf("db", auto)); err != nil {
		t.Errorf("its ids are free: %v", err)
	}
}

// TestSameNameTwice: two containers that run under one name, as after an administrator renamed a definition's
// file, are both there.
func TestSameNameTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first, u := running(t, w)
		w.kill(first)
		other := domain.UUID{7}
		w.definitions["web"] = &domain.Def{Name: "web", UUID: other}
		s := next(t, w)
		names := []string{}
		for _, snap := range s.List() {
			names = append(names, snap.Name)
		}
		slices.Sort(names)
		if !slices.Equal(names, []string{"web", "web-" + u.String()}) {
			t.Errorf("%q", names)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
	})
}
