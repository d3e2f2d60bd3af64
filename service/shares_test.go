package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// lxcShares puts elements into <lxc:namespace>.
func lxcShares(elements string) string {
	return "<namespace xmlns='http://libvirt.org/schemas/domain/lxc/1.0'>" + elements + "</namespace>"
}

// sharers are a container db that runs and one, web, that would share its network.
func sharers(t *testing.T, w *world) (s *Service, db, web domain.UUID) {
	t.Helper()
	s = w.service(t)
	db = define(t, s, "db")
	web = define(t, s, "web", lxcShares("<sharenet type='name' value='db'/>"))
	if err := s.Start(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	return s, db, web
}

// refusesToShare checks a start that must fail before anything is begun.
func refusesToShare(t *testing.T, s *Service, w *world, web domain.UUID, want string) {
	t.Helper()
	err := s.Start(context.Background(), web)
	var start *StartError
	if !errors.As(err, &start) || start.Step != "namespaces" || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, begun := w.last[web]; begun {
		t.Error("a run was begun")
	}
}

// TestShareWithContainer: a namespace is shared with a container that runs or is paused, and with
// none that is off, starting or ending.
func TestShareWithContainer(t *testing.T) {
	t.Parallel()
	const off = "lxc:sharenet: domain 'db' is not running"
	ctx := context.Background()
	t.Run("running, paused", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		s, db, web := sharers(t, w)
		for _, prepare := range []func(context.Context, domain.UUID) error{s.Suspend, s.Resume} {
			if err := prepare(ctx, db); err != nil {
				t.Fatal(err)
			}
			if err := s.Start(ctx, web); err != nil {
				t.Error(err)
			}
			if err := s.Destroy(ctx, web); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("unknown, off", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		s := w.service(t)
		web := define(t, s, "web", lxcShares("<sharenet type='name' value='db'/>"))
		refusesToShare(t, s, w, web, "lxc:sharenet: no such container with name 'db'")
		define(t, s, "db")
		refusesToShare(t, s, w, web, off)
	})
	t.Run("starting", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		s := w.service(t)
		db := define(t, s, "db")
		web := define(t, s, "web", lxcShares("<sharenet type='name' value='db'/>"))
		w.onCall("supervisor.Continue", func() { refusesToShare(t, s, w, web, off) })
		if err := s.Start(ctx, db); err != nil {
			t.Fatal(err)
		}
	})
	for _, step := range []string{"group.Kill", "machines.Unregister"} {
		t.Run("destroyed, at "+step, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s, db, web := sharers(t, w)
			w.onCall(step, func() { refusesToShare(t, s, w, web, off) })
			if err := s.Destroy(ctx, db); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("stopping", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		s, db, web := sharers(t, w)
		w.supervisors[db.String()].listens = true // so that it takes its time
		w.supervisors[db.String()].stopBySystemd()
		c, _ := s.find(db)
		s.ordered(c, c.run) // or the watch, whichever comes first
		if snap, _ := s.ByUUID(db); snap.State != StateStopping {
			t.Fatalf("it is %s", snap.State)
		}
		refusesToShare(t, s, w, web, off)
		// A daemon that comes after a crash knows it, too.
		next, settle := again(t, w)
		settle()
		refusesToShare(t, next, w, web, off)
	})
	t.Run("ended by itself", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		s, db, web := sharers(t, w)
		c, _ := s.find(db)
		_ = c.lock(ctx) // nobody has seen it yet
		w.supervisors[db.String()].finish(End{})
		refusesToShare(t, s, w, web, off)
		c.unlock()
	})
	t.Run("taken over", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		_, _, web := sharers(t, w)
		s, settle := again(t, w)
		settle()
		if err := s.Start(ctx, web); err != nil {
			t.Error(err)
		}
	})
}

// TestSharesAreClosed: each namespace that is opened for a start is closed, whatever fails after
// it.
func TestSharesAreClosed(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "supervisors.Namespace", "runs.Create", "supervisor.Prepare", "scopes.Start"} {
		t.Run("fault at "+fault, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			define(t, s, "db")
			db, _ := s.ByName("db")
			if err := s.Start(context.Background(), db.UUID); err != nil {
				t.Fatal(err)
			}
			web := define(t, s, "web", lxcShares("<sharenet type='name' value='db'/><shareipc type='pid' value='7'/><shareuts type='name' value='db'/>"))
			before := w.left()
			w.fault = fault
			if err := s.Start(context.Background(), web); (err != nil) != (fault != "") {
				t.Errorf("got %v", err)
			}
			w.fault = ""
			if fault == "" {
				if err := s.Destroy(context.Background(), web); err != nil {
					t.Error(err)
				}
			}
			if after := w.left(); len(w.namespaces) == 0 || !slices.Equal(before, after) {
				t.Errorf("%d were opened; left behind: %v, before: %v", len(w.namespaces), after, before)
			}
		})
	}
}
