package service

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestAutostartFollowsTheDefinition: a rename takes autostart along, an undefine ends it, and a new container of the
// name does not inherit it.
func TestAutostartFollowsTheDefinition(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := startsWithHost(t, s, "a")[0]
	if err := s.Rename(t.Context(), u, "b"); err != nil {
		t.Fatal(err)
	}
	s, _ = again(t, w)
	if snap, err := s.ByName("b"); err != nil || !snap.Autostart {
		t.Errorf("renamed: %+v, %v", snap, err)
	}
	if err := s.Undefine(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{}, w.autostarts.names); diff != "" {
		t.Errorf("after undefine (-want +got):\n%s", diff)
	}
	w.autostarts.names["c"] = true // an administrator removed the definition, and left the link
	define(t, s, "c")
	if snap, _ := s.ByName("c"); snap.Autostart || w.autostarts.names["c"] {
		t.Errorf("a new container: %+v, %v", snap, w.autostarts.names)
	}
	snap, err := s.Create(t.Context(), xmlOf("tmp"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetAutostart(t.Context(), snap.UUID, true); !errors.Is(err, ErrTransient) {
		t.Errorf("transient: %v", err)
	}
}

// TestAutostartNextBoot: a container that shall start with the next boot does, and not with the one after; so it is
// after a daemon that was killed, and when another name or no definition comes in between.
func TestAutostartNextBoot(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u, other, gone := define(t, s, "a"), define(t, s, "b"), define(t, s, "c")
	for _, one := range []domain.UUID{u, other, gone} {
		if err := s.SetAutostartOnce(t.Context(), one, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Rename(t.Context(), other, "bb"); err != nil {
		t.Fatal(err)
	}
	if err := s.Undefine(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	for boot, want := range [][]string{{"a", "bb"}, nil} {
		w = reboot(w)
		var announce func()
		s, announce = again(t, w)
		announce()
		if snap, _ := s.ByUUID(u); snap.OnceAtBoot != (boot == 0) || snap.Autostart {
			t.Errorf("boot %d: %+v", boot, snap)
		}
		s.Autostart(t.Context())
		if got := on(s); !slices.Equal(got, want) {
			t.Errorf("boot %d: these are on: %v", boot, got)
		}
		if len(w.once.names) != 0 {
			t.Errorf("boot %d: %v are still to start", boot, w.once.names)
		}
	}
}

// TestAutostartNextBootRefused: a container without a stored definition cannot start with the next boot.
func TestAutostartNextBootRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	if err := s.Undefine(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if err := s.SetAutostartOnce(t.Context(), u, true); !errors.Is(err, ErrTransient) {
		t.Errorf("%v", err)
	}
}
