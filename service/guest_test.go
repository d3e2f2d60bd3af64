package service

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/guest"
)

// TestGuest: what a running container is to itself is read from it; a file that it has not is none, and what cannot be
// read is an error.
func TestGuest(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	sup := w.supervisors[u.String()]
	if name, err := s.HostName(t.Context(), u); err != nil || name != sup.name {
		t.Errorf("host name %q, %v", name, err)
	}
	if r, err := s.Release(t.Context(), u); err != nil || len(r) != 0 {
		t.Errorf("a release without a file: %v, %v", r, err)
	}
	if z, err := s.TimeZone(t.Context(), u); err != nil || z != (Zone{Name: "UTC"}) {
		t.Errorf("a time zone without a file: %v, %v", z, err)
	}
	sup.put("/usr/lib/os-release", "ID=debian\n")
	if r, err := s.Release(t.Context(), u); err != nil || r["ID"] != "debian" {
		t.Errorf("release: %v, %v", r, err)
	}
	sup.put("/etc/os-release", "ID=mine\n")
	if r, err := s.Release(t.Context(), u); err != nil || r["ID"] != "mine" {
		t.Errorf("release of its own: %v, %v", r, err)
	}
	sup.put(guest.ZoneFile, "this is none")
	if z, err := s.TimeZone(t.Context(), u); err == nil {
		t.Errorf("a broken time zone: %v", z)
	}
	files, err := s.FileSystems(t.Context(), u)
	if diff := cmp.Diff([]guest.FileSystem{{MountPoint: "/", Name: "sda1", Type: "ext4"}}, files); diff != "" || err != nil {
		t.Errorf("file systems: %v, -want +got\n%s", err, diff)
	}
	if links, err := s.GuestInterfaces(t.Context(), u); err != nil || len(links) != 1 || links[0].Name != "lo" {
		t.Errorf("interfaces: %v, %v", links, err)
	}
	inside, err := s.Addresses(t.Context(), u, AddressAgent)
	if err != nil || len(inside) == 0 || inside[0].Interface.Name != "lo" || inside[0].Interface.Link != "" {
		t.Errorf("addresses inside: %v, %v", inside, err)
	}
	w.fault = "supervisor.ReadFile"
	if _, err := s.Release(t.Context(), u); !errors.Is(err, errFault) {
		t.Errorf("release of a file that cannot be read: %v", err)
	}
}

// TestGuestOff: nothing is read of a container that is off.
func TestGuestOff(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	if err := s.Destroy(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	for name, get := range map[string]func() error{
		"host name":    func() error { _, err := s.HostName(t.Context(), u); return err },
		"release":      func() error { _, err := s.Release(t.Context(), u); return err },
		"time zone":    func() error { _, err := s.TimeZone(t.Context(), u); return err },
		"file systems": func() error { _, err := s.FileSystems(t.Context(), u); return err },
		"interfaces":   func() error { _, err := s.GuestInterfaces(t.Context(), u); return err },
	} {
		if state, is := errors.AsType[*StateError](get()); !is || state.Kind != NotRunning {
			t.Errorf("%s: %v", name, get())
		}
	}
}
