package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// oneInterface is on a bridge; the host's end has a name of its own.
const oneInterface = "<interface type='bridge'><source bridge='br0'/><target dev='web0'/></interface>"

// limitedInterface also has a link on the host that limits what it sends.
const limitedInterface = "<interface type='bridge'><source bridge='br0'/><bandwidth><outbound average='1'/></bandwidth><target dev='web0'/></interface>"

// oneNIC is a network interface of the host.
const oneNIC = "<hostdev mode='capabilities' type='net'><source><interface>lan0</interface></source></hostdev>"

// TestNICs: a NIC of the host is noted before it is moved, and is the host's again after the end of the container and
// after a start that fails.
func TestNICs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, oneNIC)
	note := w.runs[u].Run
	if len(note.NICs) != 1 || note.NICs[0].Name != "lan0" || w.links["lan0"] != "moved" || w.links[s.pin(&note)] != "pinned" {
		t.Errorf("noted %+v, moved %q", note.NICs, w.links)
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	w.links["web0"] = "another's"
	taken := define(t, s, "db", oneNIC, oneInterface)
	var failed *StartError
	if err := s.Start(context.Background(), taken); !errors.As(err, &failed) || failed.Step != "links" {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff([]string{"link web0"}, w.left()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestInterfaces: machined is told of the host's ends of a container's interfaces, and the end of the container removes
// them.
func TestInterfaces(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, limitedInterface, "<interface type='direct'><source dev='eno1'/></interface>")
	if diff := cmp.Diff([]int32{1}, w.machines["web"].links); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	note := w.runs[u].Run.Links
	if len(note) != 2 || note[0].Name != "web0" || w.links["web0"] != note[0].Alias || note[1].Kind != "ifb" || w.links[note[1].Name] == "" {
		t.Errorf("noted %+v, made %q", note, w.links)
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestNetworkOfAnInterface: an interface becomes a port of its network's bridge, and a network that is not there fails
// the start by the element's name.
func TestNetworkOfAnInterface(t *testing.T) {
	t.Parallel()
	const xml = "<interface type='network'><source network='blue'/></interface>"
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", xml)
	err := s.Start(context.Background(), u)
	wrong, _ := errors.AsType[*domain.Error](err)
	if wrong == nil || wrong.Element != "domain/devices/interface/source@network" {
		t.Errorf("%v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	s.Bridges = bridgesFake{"blue": "br7"}
	if err := s.Start(context.Background(), u); err != nil {
		t.Error(err)
	}
	w.kill(s)
	after, announce := again(t, w)
	announce()
	for _, s := range []*Service{s, after} {
		if text, err := s.XML(u, false); err != nil || !strings.Contains(text, "<source network='blue' bridge='br7'/>") {
			t.Errorf("live it is %s, %v", text, err)
		}
		if text, err := s.XML(u, true); err != nil || strings.Contains(text, "br7") {
			t.Errorf("stored it is %s, %v", text, err)
		}
	}
}

// TestLinkOfAnother: a link of the host that has the name and is another's fails the start, and stays.
func TestLinkOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.links["web0"] = "another's"
	s := w.service(t)
	u := define(t, s, "web", oneInterface)
	var failed *StartError
	if err := s.Start(context.Background(), u); !errors.As(err, &failed) || failed.Step != "links" {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff([]string{"link web0"}, w.left()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
