package service

import (
	"context"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// ownedBy is <berth:owner>, or nothing without an id.
func ownedBy(uid string) string {
	if uid == "" {
		return ""
	}
	return "<container xmlns='urn:berth:container:1'><owner uid='" + uid + "'/></container>"
}

// owns compares a container's owner with the one that it should have, on and in its live XML.
func owns(t *testing.T, s *Service, u domain.UUID, want uint32) {
	t.Helper()
	snap, err := s.ByUUID(u)
	if err != nil || (snap.OwnedBy != User{want != 0, want}) {
		t.Errorf("the owner is %v, %v; want %d", snap.OwnedBy, err, want)
	}
	xml, err := s.XML(u, false)
	if err != nil || strings.Contains(xml, "<berth:owner uid='1000'/>") != (want == 1000) {
		t.Errorf("%v, %s", err, xml)
	}
}

// TestOwner: a container's owner is that of its stored definition from the moment that this is stored, also while the
// container runs, after a restart of the daemon, and when the definition is removed.
func TestOwner(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first, then string
		want        uint32
	}{
		"given":   {"", "1000", 1000},
		"taken":   {"1000", "", 0},
		"another": {"1000", "1001", 1001},
		"kept":    {"1000", "1000", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s, u := running(t, w, fixedUUID, ownedBy(tt.first))
			define(t, s, "web", fixedUUID, ownedBy(tt.then))
			owns(t, s, u, tt.want)
			s, announce := again(t, w)
			announce()
			owns(t, s, u, tt.want)
			if err := s.Undefine(context.Background(), u); err != nil {
				t.Fatal(err)
			}
			owns(t, s, u, tt.want)
			s, announce = again(t, w)
			announce()
			owns(t, s, u, tt.want)
			if err := s.Destroy(context.Background(), u); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestOwnerNotNoted: a daemon that dies before it has noted the new owner of a running container leaves no rights to
// the old one.
func TestOwnerNotNoted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, fixedUUID, ownedBy("1000"))
	w.fault = "runs.Save running"
	define(t, s, "web", fixedUUID)
	w.fault = ""
	owns(t, s, u, 0)
	s, announce := again(t, w)
	announce()
	owns(t, s, u, 0)
	if err := s.Undefine(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	s, announce = again(t, w)
	announce()
	owns(t, s, u, 0)
}

// TestOwnerOfConnection: a container that was started to end with a connection does not once it has another owner: who
// has lost it cannot have it killed. That holds for a later daemon, too, also if the new owner was not noted. One that
// keeps its owner ends.
func TestOwnerOfConnection(t *testing.T) {
	t.Parallel()
	const connection = "bus :1.7"
	for name, tt := range map[string]struct {
		then  string
		fault string
		want  State
	}{
		"the same":             {"1000", "", StateShutoff},
		"another":              {"1001", "", StateRunning},
		"nobody":               {"", "", StateRunning},
		"another, not noted":   {"1001", "runs.Save running", StateRunning},
		"the same, not stored": {"1000", "runs.Save running", StateShutoff},
	} {
		for _, later := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				s := w.service(t)
				u := define(t, s, "web", fixedUUID, ownedBy("1000"))
				if err := s.StartWith(context.Background(), u, StartOptions{Owner: connection}); err != nil {
					t.Fatal(err)
				}
				w.fault = tt.fault
				define(t, s, "web", fixedUUID, ownedBy(tt.then))
				w.fault = ""
				if later {
					next, announce := again(t, w)
					announce()
					s = next
				}
				if snap, err := s.ByUUID(u); err != nil || (snap.Owner == connection) != (tt.want == StateShutoff) {
					t.Errorf("ends with %q, %v", snap.Owner, err)
				}
				if err := s.DestroyOwned(context.Background(), u, connection); err != nil {
					t.Error(err)
				}
				if snap, err := s.ByUUID(u); err != nil || snap.State != tt.want {
					t.Errorf("it is %s, %v", snap.State, err)
				}
			})
		}
	}
}
