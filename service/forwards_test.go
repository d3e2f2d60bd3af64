package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// onePort is oneInterface with a port of the host. leasedPort is one of a container that asks a network for an address.
const (
	port       = "<port xmlns='urn:berth:container:1' host='8080' guest='80'/>"
	onePort    = "<interface type='bridge'><source bridge='br0'/><ip address='192.0.2.7'/><target dev='web0'/>" + port + "</interface>"
	leasedMAC  = "52:54:00:00:00:07"
	leasedPort = "<interface type='network'><mac address='" + leasedMAC + "'/><source network='blue'/>" + port + "</interface>"
)

// withBlue is a service on a host with the network "blue", whose DHCP server Berth knows.
func withBlue(w *world, s *Service) *Service {
	w.ports.reach.DHCP = true
	s.Bridges = reachFake{bridgesFake{"blue": "br7"}, w.daemons[s]}
	return s
}

// TestPort: a port of the host is forwarded to a container's address while it runs, and nothing of it is left then.
func TestPort(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, onePort)
	want := []Forward{{Element: "domain/devices/interface/berth:port", Proto: "tcp", Host: 8080, Guest: 80, To4: "192.0.2.7", Link: "br0"}}
	if diff := cmp.Diff(want, w.ports.open[u.String()]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(want, w.runs[u].Run.Ports); diff != "" {
		t.Errorf("noted: -want +got\n%s", diff)
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestPortTaken: a port that another container or a program of the host has fails the start by the element's name, and
// who has it keeps it.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, _ := running(t, w, onePort)
	w.ports.taken = []uint16{25}
	for xml, words := range map[string]string{
		port: "the host's port tcp 8080 is in use: the container 'web' has it",
		"<port xmlns='urn:berth:container:1' host='8080' address='198.51.100.1'/>":                                   "the container 'web' has it",
		"<port xmlns='urn:berth:container:1' host='26'/><port xmlns='urn:berth:container:1' host='25' proto='udp'/>": "the host's port udp 25 is in use: a socket of the host has it",
	} {
		at := "domain/devices/interface/berth:port@host"
		if strings.Contains(xml, "udp") {
			at = "domain/devices/interface/berth:port[2]@host"
		}
		u := define(t, s, "db", "<interface type='ethernet'><ip address='192.0.2.8'/>"+xml+"</interface>")
		err := s.Start(context.Background(), u)
		wrong, _ := errors.AsType[*domain.Error](err)
		if wrong == nil || wrong.Element != at || !strings.Contains(wrong.Text, words) {
			t.Errorf("%s: %v", xml, err)
		}
		if got := w.targets(); !slices.Equal(got, []string{"192.0.2.7"}) {
			t.Errorf("%s: forwarded to %q", xml, got)
		}
		if err := s.Undefine(context.Background(), u); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPortsFlushed: ports are forwarded again after somebody has removed all rules of the host, and after a daemon
// died.
func TestPortsFlushed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w, onePort)
		w.flush(s)
		synctest.Wait()
		if got := w.targets(); !slices.Equal(got, []string{"192.0.2.7"}) {
			t.Errorf("forwarded to %q", got)
		}
		w.kill(s)
		clear(w.ports.open)
		w.ports.taken = []uint16{8080} // by a program that was quick
		s = next(t, w)
		if got := w.targets(); !slices.Equal(got, []string{"192.0.2.7"}) {
			t.Errorf("forwarded by the next daemon to %q", got)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// TestPortsOfALease: ports follow the address that a container gets by DHCP, stay with it while it is the container's,
// and are known to the next daemon.
func TestPortsOfALease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := withBlue(w, w.service(t))
		u := define(t, s, "web", leasedPort)
		if err := s.Start(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		other := leaseOf("52:54:00:00:00:08", "10.0.0.8/24")
		for _, c := range []struct {
			leases []NetworkLease
			want   string
		}{
			{[]NetworkLease{other}, ""},
			{[]NetworkLease{other, leaseOf(leasedMAC, "10.0.0.2/24")}, "10.0.0.2"},
			{[]NetworkLease{leaseOf(leasedMAC, "10.0.0.3/24"), leaseOf(leasedMAC, "10.0.0.2/24")}, "10.0.0.2"},
			{nil, "10.0.0.2"},
			{[]NetworkLease{leaseOf(leasedMAC, "10.0.0.3/24")}, "10.0.0.3"},
		} {
			w.lease(s, c.leases...)
			synctest.Wait()
			if got := w.targets(); !slices.Equal(got, []string{c.want}) || w.runs[u].Run.Ports[0].To4 != c.want {
				t.Errorf("%v: forwarded to %q, noted %+v", c.leases, got, w.runs[u].Run.Ports)
			}
		}
		w.kill(s)
		s = w.service(t)
		withBlue(w, s)
		w.ports.leases = []NetworkLease{leaseOf(leasedMAC, "10.0.0.4/24")} // meanwhile
		announce, err := s.Recover(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		announce()
		synctest.Wait()
		if got := w.targets(); !slices.Equal(got, []string{"10.0.0.4"}) {
			t.Errorf("forwarded by the next daemon to %q", got)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// TestPortsWithoutAddress: ports of a container whose address cannot be known fail its start by the element's name.
func TestPortsWithoutAddress(t *testing.T) {
	t.Parallel()
	for words, reach := range map[string]NetworkReach{
		"is isolated":               {Isolated: true, DHCP: true},
		"does not learn which addr": {},
		"":                          {Known: leaseOf("", "10.0.0.9/24").Address.Addr()},
	} {
		w := newWorld()
		s := withBlue(w, w.service(t))
		w.ports.reach = reach
		u := define(t, s, "web", leasedPort)
		err := s.Start(context.Background(), u)
		wrong, _ := errors.AsType[*domain.Error](err)
		switch {
		case words == "" && err == nil:
			if got := w.targets(); !slices.Equal(got, []string{"10.0.0.9"}) {
				t.Errorf("forwarded to %q", got)
			}
		case wrong == nil || wrong.Element != "domain/devices/interface/berth:port" || !strings.Contains(wrong.Text, words):
			t.Errorf("%q: %v", words, err)
		}
	}
}
