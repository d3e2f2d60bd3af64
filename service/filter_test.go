package service

import (
	"errors"
	"testing"
)

// TestByID: a container that is on is found by its id, and one that is off is not.
func TestByID(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	define(t, s, "off")
	snap, _ := s.ByUUID(u)
	if got, err := s.ByID(snap.ID); err != nil || got.UUID != u {
		t.Errorf("%+v, %v", got, err)
	}
	for _, id := range []uint32{0, snap.ID + 1} {
		if _, err := s.ByID(id); !errors.Is(err, ErrNoContainer) {
			t.Errorf("%d: %v", id, err)
		}
	}
}

// TestListFilter: a container is listed if each group of filters that is used has one that fits, as in libvirt.
func TestListFilter(t *testing.T) {
	t.Parallel()
	snaps := map[byte]Snapshot{
		'o': {State: StateShutoff, Persistent: true}, 'a': {State: StateShutoff, Persistent: true, Autostart: true}, 'r': {State: StateRunning, Persistent: true, Autostart: true},
		't': {State: StateRunning}, 'p': {State: StatePaused, Persistent: true}, 's': {State: StateStarting, Persistent: true}, 'e': {State: StateStopping},
	}
	for want, words := range map[string][]string{
		"oartpse": nil, "rtpse": {"active"}, "oa": {"inactive"}, "oarps": {"persistent"}, "te": {"transient"}, "rt": {"running"}, "rtp": {"running", "paused"},
		"se": {"other"}, "ar": {"autostart"}, "otpse": {"no-autostart"}, "r": {"autostart", "active"}, "a": {"autostart", "shutoff", "other"}, "": {"managed-save"},
	} {
		var f ListFilter
		for _, word := range words {
			one, known := FilterNamed(word)
			if !known {
				t.Errorf("%s is not known", word)
			}
			f |= one
		}
		got := ""
		for _, letter := range []byte("oartpse") {
			if snap := snaps[letter]; f.Admits(&snap) {
				got += string(letter)
			}
		}
		if got != want {
			t.Errorf("%v: %s, want %s", words, got, want)
		}
	}
	for _, word := range []string{"no-snapshot", "no-checkpoint", "no-managed-save"} {
		if f, known := FilterNamed(word); !known || !f.Admits(&Snapshot{State: StateShutoff}) {
			t.Errorf("%s lists nothing", word)
		}
	}
	for word, bit := range map[string]ListFilter{"active": 1, "other": 128, "autostart": 1024, "no-checkpoint": 1 << 15} {
		if f, _ := FilterNamed(word); f != bit { // libvirt's
			t.Errorf("%s is %d, want %d", word, f, bit)
		}
	}
	if _, known := FilterNamed("nosuch"); known {
		t.Error("nosuch is known")
	}
}
