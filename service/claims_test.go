package service

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestUnshiftsAtOnce: trees that have nothing in common are taken back at the same time, by any call; of two with a
// common part the second is refused. A dry run keeps nobody from anything.
func TestUnshiftsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	web, db := define(t, s, "web", shiftedBy), define(t, s, "db", shiftedBy)
	dry := UnshiftOptions{From: 100000, DryRun: true}
	w.onCall("trees.Unshift", func() {
		w.onCall("trees.Unshift", func() {})
		if _, err := s.Unshift(t.Context(), db, UnshiftOptions{}); err != nil {
			t.Errorf("another tree: %v", err)
		}
		if _, err := s.UnshiftPath(t.Context(), "/srv/other", UnshiftOptions{From: 100000}); err != nil {
			t.Errorf("another path: %v", err)
		}
		for _, path := range []string{"/srv", "/srv/web", "/srv/web/usr"} {
			if _, err := s.UnshiftPath(t.Context(), path, UnshiftOptions{From: 100000}); !isTree(err, "/srv/web is being taken back already") {
				t.Errorf("%s: %v", path, err)
			}
			if _, err := s.UnshiftPath(t.Context(), path, dry); err != nil {
				t.Errorf("%s, a dry run: %v", path, err)
			}
		}
		if _, err := s.Unshift(t.Context(), web, dry); err != nil {
			t.Errorf("a dry run of the container: %v", err)
		}
	})
	if _, err := s.Unshift(t.Context(), web, UnshiftOptions{}); err != nil {
		t.Error(err)
	}
	w.onCall("trees.Unshift", func() {
		w.onCall("trees.Unshift", func() {})
		if err := s.Start(t.Context(), web); err != nil {
			t.Errorf("a start during a dry run: %v", err)
		}
	})
	if _, err := s.Unshift(t.Context(), web, dry); err != nil {
		t.Errorf("the dry run: %v", err)
	}
	if _, err := s.Unshift(t.Context(), web, dry); err != nil {
		t.Errorf("a dry run of a container that is on: %v", err)
	}
}

func isTree(err error, says string) bool {
	_, ok := errors.AsType[*TreeError](err)
	return ok && strings.Contains(err.Error(), says)
}

// TestUnshiftKeepsStart: no container starts with a tree that is being taken back, and none gets it as a device; a tree
// that a container is about to get is not taken back. Afterwards all of that goes.
func TestUnshiftKeepsStart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, on := running(t, w)
	db := define(t, s, "db", "")
	const device = "<filesystem type='mount'><source dir='/srv/db/data'/><target dir='/data'/></filesystem>"
	w.onCall("trees.Unshift", func() {
		err := s.Start(t.Context(), db)
		if e, ok := errors.AsType[*StartError](err); !ok || e.Step != "definition" ||
			!strings.Contains(err.Error(), "/srv/db is not mounted in a container: /srv/db/usr is being taken back to plain owners (unshift); try again") {
			t.Errorf("start: %v", err)
		}
		err = s.AttachDevice(t.Context(), on, []byte(strings.Replace(device, "/data", "/usr/share", 1)), TuneOptions{Live: true})
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Element != "filesystem/source" || !strings.Contains(err.Error(), "(unshift)") {
			t.Errorf("attach: %v", err)
		}
	})
	if _, err := s.UnshiftPath(t.Context(), "/srv/db/usr", UnshiftOptions{From: 100000}); err != nil {
		t.Error(err)
	}
	w.onCall("trees.Unshift", func() { t.Error("the tree is taken back while the container starts") })
	w.onCall("supervisors.Begin", func() {
		_, err := s.UnshiftPath(t.Context(), "/srv/db/usr", UnshiftOptions{From: 100000})
		if _, ok := errors.AsType[*TreeError](err); !ok || !strings.Contains(err.Error(), "container db, which is being started or changed, gets /srv/db") {
			t.Errorf("during a start: %v", err)
		}
	})
	if err := s.Start(t.Context(), db); err != nil {
		t.Error(err)
	}
}

// TestUnshiftOrStart: of an unshift and a start that come at the same time, never both are done.
func TestUnshiftOrStart(t *testing.T) {
	t.Parallel()
	refused := map[bool]int{}
	for range 200 {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web", "")
		var both sync.WaitGroup
		var on bool
		w.onCall("trees.Unshift", func() {
			snap, err := s.ByUUID(u)
			on = err != nil || snap.State == StateRunning
		})
		var unshift, start error
		both.Go(func() { unshift = failed(s.UnshiftPath(t.Context(), "/srv/web", UnshiftOptions{From: 100000})) })
		both.Go(func() { start = s.Start(t.Context(), u) })
		both.Wait()
		if on || unshift != nil && start != nil {
			t.Fatalf("on: %v; %v, %v", on, unshift, start)
		}
		refused[unshift != nil]++
		if len(s.trees.held) > 0 {
			t.Fatalf("claims are left: %v", s.trees.held)
		}
	}
	t.Logf("refused unshifts: %v", refused)
}

// TestUnshiftOfOthers: the directory of another manager's container that runs is not taken back; nor is any if nobody
// can tell which those are.
func TestUnshiftOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	w.others = []OtherMachine{{"deb", "systemd-nspawn", "/var/lib/machines/deb"}}
	_, err := s.UnshiftPath(t.Context(), "/var/lib/machines/deb/usr", UnshiftOptions{From: 100000})
	if _, ok := errors.AsType[*TreeError](err); !ok || !strings.Contains(err.Error(), "machine deb of systemd-nspawn runs with /var/lib/machines/deb: stop it first") {
		t.Errorf("%v", err)
	}
	if _, err := s.UnshiftPath(t.Context(), "/var/lib/machines/other", UnshiftOptions{From: 100000}); err != nil {
		t.Error(err)
	}
	w.fault = "machines.Others"
	if _, err := s.UnshiftPath(t.Context(), "/var/lib/machines/other", UnshiftOptions{From: 100000}); !errors.Is(err, errFault) {
		t.Errorf("machined does not answer: %v", err)
	}
}
