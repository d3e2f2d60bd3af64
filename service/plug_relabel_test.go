package service

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestPlugRelabel: with relabel='yes' a directory that is attached has the container's label until it is detached or
// the container stops, and a directory that the container may only read, or what is attached to a container without it,
// has its own.
func TestPlugRelabel(t *testing.T) {
	t.Parallel()
	w := labelled()
	s := w.service(t)
	u, o := define(t, s, "web", relabels), TuneOptions{Live: true}
	const (
		data   = `<filesystem><source dir='/srv/data'/><target dir='/data'/></filesystem>`
		shared = `<filesystem><source dir='/srv/shared'/><target dir='/shared'/><readonly/></filesystem>`
		label  = "u:o:file_t:s0:c0,c1"
	)
	if err := s.Start(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	root := Tree{Path: "/srv/web", Label: label}
	for _, xml := range []string{data, shared} {
		if err := s.AttachDevice(t.Context(), u, []byte(xml), o); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]Tree{root, {Path: "/srv/data", Label: label}}, w.trees[u]); diff != "" {
		t.Errorf("attached:\n%s", diff)
	}
	if err := s.DetachDevice(t.Context(), u, []byte(data), o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Tree{root}, w.trees[u]); diff != "" {
		t.Errorf("detached:\n%s", diff)
	}
	err := errors.Join(s.AttachDevice(t.Context(), u, []byte(data), o), s.Destroy(t.Context(), u))
	if err != nil || len(w.trees) > 0 {
		t.Errorf("after the end: %v, %v", w.trees, err)
	}
	w.onCall("trees.Relabel", func() { t.Error("a container without relabel='yes' was relabelled") })
	other := define(t, s, "db", "<seclabel/>")
	err = errors.Join(s.Start(t.Context(), other), s.AttachDevice(t.Context(), other, []byte(data), o), s.DetachDevice(t.Context(), other, []byte(data), o))
	if err != nil {
		t.Error(err)
	}
}

// TestPlugRelabelFails: a directory that may not be relabelled is not attached, the error names it, and nothing has
// another label than before.
func TestPlugRelabelFails(t *testing.T) {
	t.Parallel()
	w := labelled()
	s, _ := running(t, w)
	u := define(t, s, "db", relabels)
	if err := s.Start(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	before := len(w.trees[u])
	err := s.AttachDevice(t.Context(), u, []byte(`<filesystem><source dir='/srv/web'/><target dir='/data'/></filesystem>`), TuneOptions{Live: true})
	wrong, ok := errors.AsType[*domain.Error](err)
	if !ok || wrong.Element != "filesystem/source" || !strings.Contains(wrong.Text, "another running container") {
		t.Errorf("%v", err)
	}
	if len(w.trees[u]) != before {
		t.Errorf("left: %v", w.trees[u])
	}
}
