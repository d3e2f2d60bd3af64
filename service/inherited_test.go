package service

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// TestOddNote: a note that can be read and says next to nothing is completed by what the supervisor and the
// kernel say, so that its container can be ended, and is not called off while it lives.
func TestOddNote(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first, u := running(t, w)
		w.kill(first)
		w.runs[u] = SavedRun{Run: Run{UUID: u, State: StateRunning}}
		s := next(t, w)
		if snap, err := s.ByUUID(u); err != nil || snap.State != StateRunning || snap.Unit != "web.scope" || snap.ControlGroup == "" {
			t.Errorf("%+v, %v", snap, err)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// TestUnknownGroupIsNotOff: a container whose control group cannot be found is not called off by a destroy, and
// its supervisor is not taken from it. The destroy works as soon as the group can be found.
func TestUnknownGroupIsNotOff(t *testing.T) {
	t.Parallel()
	for name, hanging := range map[string]bool{"its supervisor answers": false, "its supervisor is hanging": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				first, u := running(t, w)
				w.kill(first)
				w.runs[u] = SavedRun{Run{UUID: u}, errUnreadable}
				sup := w.supervisors[u.String()]
				sup.hanging.Store(hanging)
				w.fault = "cgroups.Of" // as without a free descriptor
				s := next(t, w)
				if err := s.Destroy(context.Background(), u); err == nil {
					t.Error("a destroy that could end nothing succeeded")
				}
				if snap, _ := s.ByUUID(u); snap.State == StateShutoff || sup.over() {
					t.Errorf("it is %s, its supervisor ended: %v", snap.State, sup.over())
				}
				w.mu.Lock()
				w.fault = ""
				w.mu.Unlock()
				sup.hanging.Store(false)
				time.Sleep(attachPause + endTimeout)
				synctest.Wait()
				if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonDestroyed {
					t.Errorf("its group is found: %s/%s", snap.State, snap.Reason)
				}
				if left := w.left(); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		})
	}
}

// TestUnplacedSupervisor: berthd's own control group, where a supervisor hangs that has no scope yet, is never
// taken for the container's, by which a destroy would end the daemon.
func TestUnplacedSupervisor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web")
		sup := &supervisorFake{d: w.daemons[s], name: "web", pid: 200, done: make(chan struct{})}
		sup.hanging.Store(true)
		w.supervisors[u.String()] = sup
		w.runs[u] = SavedRun{Run{UUID: u}, fs.ErrNotExist}
		s = next(t, w)
		if snap, _ := s.ByUUID(u); snap.ControlGroup != "" || snap.Unit != "" {
			t.Errorf("it is in %s, unit %q", snap.ControlGroup, snap.Unit)
		}
		if err := s.Destroy(context.Background(), u); !errors.Is(err, errNotFound) {
			t.Errorf("destroy: %v", err)
		}
		sup.hanging.Store(false) // it goes on, reads that its berthd is gone, and ends
		sup.finish(End{})
		time.Sleep(attachPause + endTimeout)
		synctest.Wait()
		if snap, _ := s.ByUUID(u); snap.State != StateShutoff || len(w.left()) > 0 {
			t.Errorf("it ended: %s, left behind: %q", snap.State, w.left())
		}
	})
}

// TestSwappedNames: two running containers whose stored definitions an administrator gave each other's names
// are each known by one name, the stored one, and what is done to a name is done to the container that has it.
func TestSwappedNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first, web := running(t, w)
		db := define(t, first, "db", uuidXML(domain.UUID{1}))
		if err := first.Start(context.Background(), db); err != nil {
			t.Fatal(err)
		}
		w.kill(first)
		w.definitions["web"].Name, w.definitions["db"].Name = "db", "web"
		w.definitions["web"], w.definitions["db"] = w.definitions["db"], w.definitions["web"]
		s := next(t, w)
		for name, u := range map[string]domain.UUID{"db": web, "web": db} {
			if snap, err := s.ByName(name); err != nil || snap.UUID != u || snap.Name != name {
				t.Errorf("%s is %s of %s, %v", name, snap.Name, snap.UUID, err)
			}
		}
		if err := s.Undefine(context.Background(), db); err != nil {
			t.Error(err)
		}
		if w.definitions["web"] != nil || w.definitions["db"] == nil {
			t.Errorf("another's definition was removed: %v", w.definitions)
		}
		for _, u := range []domain.UUID{web, db} {
			if err := s.Destroy(context.Background(), u); err != nil {
				t.Error(err)
			}
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}
