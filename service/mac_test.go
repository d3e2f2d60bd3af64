package service

import (
	"context"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

const twoInterfaces = "<interface type='ethernet'/><interface type='ethernet'/>"

func macsOf(t *testing.T, s *Service, u domain.UUID) (macs []string) {
	t.Helper()
	text, err := s.XML(u, true)
	if err != nil {
		t.Fatal(err)
	}
	d, err := domain.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range d.Interfaces {
		macs = append(macs, i.MAC.String())
	}
	return macs
}

// TestMACsAreKept: interfaces without a MAC address get one when they are defined, which is stored and does not change.
func TestMACsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", fixedUUID, twoInterfaces)
	first := macsOf(t, s, u)
	if len(first) != 2 || !strings.HasPrefix(first[0], "52:54:00:") || w.definitions["web"].Interfaces[1].MAC.String() != first[1] {
		t.Fatalf("%q, and stored is %+v", first, w.definitions["web"].Interfaces)
	}
	define(t, s, "web", fixedUUID, twoInterfaces)
	if got := macsOf(t, s, u); got[0] != first[0] || got[1] != first[1] {
		t.Errorf("defined again, %q became %q", first, got)
	}
}

// TestMACsAreNoOthers: an address that another container has is not chosen, also for a stored definition that was
// written by hand.
func TestMACsAreNoOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", fixedUUID, twoInterfaces)
	wanted := macsOf(t, s, u)[0]
	if err := s.Undefine(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	define(t, s, "db", "<interface type='ethernet'><mac address='"+wanted+"'/></interface>")
	u = define(t, s, "web", fixedUUID, twoInterfaces)
	if got := macsOf(t, s, u); got[0] == wanted {
		t.Errorf("%s is another's", got[0])
	}
	byHand, err := domain.Parse(xmlOf("web", fixedUUID, twoInterfaces))
	if err != nil {
		t.Fatal(err)
	}
	w.definitions["web"] = byHand
	s = w.service(t)
	if _, err := s.Recover(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := macsOf(t, s, u); got[0] == wanted || got[0] == "00:00:00:00:00:00" {
		t.Errorf("of a definition by hand: %q", got)
	}
}
