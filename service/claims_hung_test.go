package service

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/berthd/berth/internal/domain"
)

// TestUnshiftHung: a file system that does not answer keeps nobody longer than its limit. While a tree is taken back, a
// container of which a directory is there does not start, or get it as a device, and is told why. A tree that is there
// is not taken back, and keeps no start waiting; nor is one that a container with such a directory may be about to get.
// No claim is left.
func TestUnshiftHung(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, on := running(t, w)
		db := define(t, s, "db", "")
		hung, err := s.Define(t.Context(), bytes.Replace(xmlOf("hung"), []byte("/srv/hung"), []byte("/hung/root"), 1))
		if err != nil {
			t.Fatal(err)
		}
		unanswered := func(doing string, err error, says string) {
			t.Helper()
			if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", doing, err)
			}
		}
		w.onCall("trees.Unshift", func() {
			unanswered("start", s.Start(t.Context(), hung.UUID), "whether /hung/root is being taken back to plain owners (unshift), with /srv/tree: timed out after 30s")
			device := "<filesystem type='mount'><source dir='/hung/data'/><target dir='/data'/></filesystem>"
			err := s.AttachDevice(t.Context(), on, []byte(device), TuneOptions{Live: true})
			if err == nil || !strings.Contains(err.Error(), "whether /hung/data is being taken back") {
				t.Errorf("attach: %v", err)
			}
			if err := s.Start(t.Context(), db); err != nil {
				t.Errorf("another one: %v", err)
			}
		})
		if _, err := s.UnshiftPath(t.Context(), "/srv/tree", UnshiftOptions{From: 100000}); err != nil {
			t.Error(err)
		}
		w.onCall("trees.Unshift", func() { t.Error("it is taken back") })
		done := make(chan error)
		go func() { done <- failed(s.UnshiftPath(t.Context(), "/hung/tree", UnshiftOptions{From: 100000})) }()
		synctest.Wait()
		if len(s.trees.held) > 0 {
			t.Errorf("a tree that does not answer is claimed: %v", s.trees.held)
		}
		unanswered("unshift", <-done, "timed out after 30s")
		w.onCall("supervisors.Begin", func() {
			unanswered("unshift during a start", failed(s.UnshiftPath(t.Context(), "/srv/tree", UnshiftOptions{From: 100000})),
				"whether container hung, which is being started or changed, gets files of /srv/tree: timed out after 30s")
		})
		if err := s.Start(t.Context(), hung.UUID); err != nil {
			t.Errorf("without an unshift: %v", err)
		}
		if len(s.trees.held) > 0 {
			t.Errorf("claims are left: %v", s.trees.held)
		}
		for _, u := range []domain.UUID{on, db, hung.UUID} {
			if err := s.Destroy(t.Context(), u); err != nil {
				t.Error(err)
			}
		}
	})
}
