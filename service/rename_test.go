package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestRename: a renamed container is the same one under another name, now and for the next daemon; the old name is
// free.
func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	w.takeEvents()
	if err := s.Rename(context.Background(), u, "shop"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web undefined/renamed", "shop defined/renamed"}, w.takeEvents()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, err := s.ByName("web"); !errors.Is(err, ErrNoContainer) {
		t.Errorf("by the old name: %v", err)
	}
	snap, err := s.ByName("shop")
	if err != nil || snap.UUID != u || snap.Name != "shop" || snap.MachineName != "shop" {
		t.Errorf("by the new name: %+v, %v", snap, err)
	}
	if text, err := s.XML(u, true); err != nil || !strings.Contains(text, "<name>shop</name>") {
		t.Errorf("%v, %s", err, text)
	}
	define(t, s, "web")
	w.kill(s)
	next, _ := again(t, w)
	if snap, err := next.ByName("shop"); err != nil || snap.UUID != u {
		t.Errorf("the next daemon has %+v, %v", snap, err)
	}
}

// TestRenameRefused: a name that is taken, or that no container can have, and a container that is on, are errors that
// change nothing.
func TestRenameRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	define(t, s, "other")
	s.setBad([]Unreadable{{Name: "bad", Err: errFault}})
	var exists *ExistsError
	var fault *domain.Error
	for name, is := range map[string]func(error) bool{
		"other":                  func(err error) bool { return errors.As(err, &exists) },
		"web":                    func(err error) bool { return errors.As(err, &exists) },
		"bad":                    func(err error) bool { return errors.Is(err, ErrUnreadable) },
		"a/b":                    func(err error) bool { return errors.As(err, &fault) },
		"":                       func(err error) bool { return errors.As(err, &fault) },
		"..":                     func(err error) bool { return errors.As(err, &fault) },
		"a\nb":                   func(err error) bool { return errors.As(err, &fault) },
		" a":                     func(err error) bool { return err == nil || errors.As(err, &fault) },
		"a\xff":                  func(err error) bool { return err != nil },
		strings.Repeat("x", 300): func(err error) bool { return errors.As(err, &fault) },
	} {
		if err := s.Rename(context.Background(), u, name); !is(err) {
			t.Errorf("%q: %v", name, err)
		} else if err == nil {
			if err := s.Rename(context.Background(), u, "web"); err != nil {
				t.Error(err)
			}
		}
	}
	w.fault = "definitions.Rename"
	if err := s.Rename(context.Background(), u, "shop"); !errors.Is(err, errFault) {
		t.Errorf("the store fails: %v", err)
	}
	w.fault = ""
	if _, err := s.ByName("shop"); !errors.Is(err, ErrNoContainer) {
		t.Errorf("the name of a rename that failed: %v", err)
	}
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	var state *StateError
	if err := s.Rename(context.Background(), u, "shop"); !errors.As(err, &state) || state.Kind != NotNow {
		t.Errorf("a container that is on: %v", err)
	}
}

// TestRedefine: a definition is replaced only if it is the one that the new one was made from, and the new one is of
// the same container.
func TestRedefine(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", fixedUUID)
	other := define(t, s, "other")
	before, err := s.XML(u, true)
	if err != nil {
		t.Fatal(err)
	}
	title := func(text string) []byte { return xmlOf("web", fixedUUID, "<title>"+text+"</title>") }
	var fault *domain.Error
	for name, xml := range map[string][]byte{
		"another uuid": xmlOf("web", "<uuid>"+other.String()+"</uuid>"),
		"another name": xmlOf("shop", fixedUUID),
		"no XML":       []byte("<domain"),
	} {
		if err := s.Redefine(context.Background(), u, before, xml); !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Redefine(context.Background(), u, before, title("one")); err != nil {
		t.Fatal(err)
	}
	if err := s.Redefine(context.Background(), u, before, title("two")); !errors.Is(err, ErrChanged) {
		t.Errorf("made from an old one: %v", err)
	}
	if snap, _ := s.ByUUID(u); snap.Title != "one" {
		t.Errorf("the title is %q", snap.Title)
	}
	if err := s.Redefine(context.Background(), u, "", xmlOf("web", "<title>three</title>")); err != nil {
		t.Errorf("without a uuid, whatever it was made from: %v", err)
	}
	if snap, _ := s.ByUUID(u); snap.Title != "three" {
		t.Errorf("the title is %q", snap.Title)
	}
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if err := s.Undefine(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if err := s.Redefine(context.Background(), u, "", title("four")); !errors.Is(err, ErrTransient) {
		t.Errorf("of a transient one: %v", err)
	}
	if err := s.Redefine(context.Background(), domain.UUID{9}, "", title("five")); !errors.Is(err, ErrNoContainer) {
		t.Errorf("of none: %v", err)
	}
}
