package service

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestMetadata: a title is changed in the definition that is meant, and the next daemon has it; each change is told.
func TestMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	w.takeEvents()
	set := func(value string, o TuneOptions) {
		t.Helper()
		if err := s.SetMetadata(t.Context(), u, domain.Metadata{Kind: domain.MetadataTitle, Value: value}, o); err != nil {
			t.Fatal(err)
		}
	}
	titles := func(live, stored string) {
		t.Helper()
		for want, o := range map[string]TuneOptions{live: {Live: true}, stored: {Config: true}} {
			if got, err := s.Metadata(u, domain.MetadataTitle, "", o); got != want || err != nil {
				t.Errorf("%+v: %q, %v; want %q", o, got, err, want)
			}
		}
		if snap, _ := s.ByUUID(u); snap.Title != live || !snap.Updated {
			t.Errorf("%q, updated %t", snap.Title, snap.Updated)
		}
	}
	set("live", TuneOptions{})
	set("stored", TuneOptions{Config: true})
	titles("live", "stored")
	if diff := cmp.Diff([]string{"metadata title", "metadata title"}, w.takeEvents()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	s, announce := again(t, w)
	announce()
	titles("live", "stored")
	m := domain.Metadata{Kind: domain.MetadataElement, Value: "<a/>", Key: "k", URI: "urn:k"}
	if err := s.SetMetadata(t.Context(), u, m, TuneOptions{Live: true, Config: true}); err != nil {
		t.Fatal(err)
	}
	for _, o := range []TuneOptions{{}, {Live: true}, {Config: true}} {
		if got, err := s.Metadata(u, domain.MetadataElement, "urn:k", o); got != "<a/>" || err != nil {
			t.Errorf("%+v: %q, %v", o, got, err)
		}
	}
	if err := s.Destroy(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if snap, _ := s.ByUUID(u); snap.Title != "stored" {
		t.Errorf("off: %q", snap.Title)
	}
}

// TestMetadataRefused: what is not there, a live definition of a container that is off, a stored one of a transient
// container, a wrong value and a full disk are errors that change nothing.
func TestMetadataRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	title := domain.Metadata{Kind: domain.MetadataTitle, Value: "new"}
	both := TuneOptions{Live: true, Config: true}
	if _, err := s.Metadata(u, domain.MetadataElement, "urn:k", TuneOptions{}); !errors.Is(err, ErrNoMetadata) {
		t.Errorf("missing: %v", err)
	}
	for _, fault := range []string{"runs.Save running", "definitions.Save"} {
		w.fault = fault
		if err := s.SetMetadata(t.Context(), u, title, both); !errors.Is(err, errFault) {
			t.Errorf("%s: %v", fault, err)
		}
		w.fault = ""
		for _, o := range []TuneOptions{{Live: true}, {Config: true}} {
			if got, err := s.Metadata(u, domain.MetadataTitle, "", o); !errors.Is(err, ErrNoMetadata) {
				t.Errorf("%s, %+v: %q, %v", fault, o, got, err)
			}
		}
	}
	if err := s.SetMetadata(t.Context(), u, domain.Metadata{Kind: domain.MetadataTitle, Value: "a\nb"}, both); !errors.As(err, new(*domain.Error)) {
		t.Errorf("two lines: %v", err)
	}
	if err := s.Undefine(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMetadata(t.Context(), u, title, both); !errors.Is(err, ErrTransient) {
		t.Errorf("transient: %v", err)
	}
	if err := s.SetMetadata(t.Context(), u, title, TuneOptions{}); err != nil {
		t.Error(err)
	}
	off := define(t, s, "off")
	if err := s.SetMetadata(t.Context(), off, title, TuneOptions{Live: true}); !errors.As(err, new(*StateError)) {
		t.Errorf("off: %v", err)
	}
	if _, err := s.Metadata(off, domain.MetadataTitle, "", TuneOptions{Live: true}); !errors.As(err, new(*StateError)) {
		t.Errorf("off: %v", err)
	}
}
