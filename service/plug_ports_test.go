package service

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withPort is an interface that comes later, with a port of the host.
func withPort(host string) string {
	const ported = "<ip address='192.0.2.9'/><port xmlns='urn:berth:container:1' host='PORT' guest='80'/></interface>"
	return strings.Replace(plugged, "</interface>", strings.Replace(ported, "PORT", host, 1), 1)
}

// TestPlugPorts: the ports of an interface come and go with it, and those of others stay. What a running container has
// of them cannot change, and one that is in use is refused with nothing left.
func TestPlugPorts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, onePort)
	ctx := context.Background()
	w.ports.taken = []uint16{25}
	forwarded := func() (list []uint16) {
		for _, f := range w.ports.open[u.String()] {
			list = append(list, f.Host)
		}
		return list
	}
	is := func(want ...uint16) {
		t.Helper()
		if diff := cmp.Diff(want, forwarded()); diff != "" || len(w.runs[u].Run.Ports) != len(want) || w.daemons[s].watches.held != len(want) {
			t.Errorf("%d reserved, %d noted, -want +got\n%s", w.daemons[s].watches.held, len(w.runs[u].Run.Ports), diff)
		}
	}
	if err := s.AttachDevice(ctx, u, []byte(withPort("25")), live); err == nil || !strings.Contains(err.Error(), "interface/berth:port@host: the host's port tcp 25 is in use") {
		t.Errorf("a port in use: %v", err)
	}
	is(8080)
	if err := s.AttachDevice(ctx, u, []byte(withPort("8081")), live); err != nil {
		t.Fatal(err)
	}
	is(8080, 8081)
	for element, xml := range map[string]string{
		"interface/berth:port":  withPort("8082"),
		"interface/source":      strings.Replace(withPort("8081"), "br0", "br7", 1),
		"interface/mac@address": strings.Replace(withPort("8081"), "00:09'/>", "00:0a'/><alias name='net1'/>", 1),
	} {
		if err := s.UpdateDevice(ctx, u, []byte(xml), live); err == nil || !strings.HasPrefix(err.Error(), element+": it cannot change") {
			t.Errorf("%s: %v", element, err)
		}
	}
	is(8080, 8081)
	if err := s.DetachDevice(ctx, u, []byte(plugged), live); err != nil {
		t.Fatal(err)
	}
	is(8080)
	if err := s.Destroy(ctx, u); err != nil {
		t.Fatal(err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
