package planner

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/test/goldenfile"
)

// TestNetGolden: the interfaces and NICs of a definition are planned as in its golden file.
func TestNetGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"interfaces", "nic"} {
		var got bytes.Buffer
		e := json.NewEncoder(&got)
		e.SetIndent("", "  ")
		if err := e.Encode(Net(load(t, "testdata/"+name+".xml"))); err != nil {
			t.Fatal(err)
		}
		golden := "testdata/" + name + ".net.golden"
		goldenfile.Check(t, golden, got.String())
	}
}

// TestHostEndsDiffer: no two of a thousand containers with a hundred interfaces each have a host end of one name.
func TestHostEndsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 1000 {
		d := minimal()
		d.UUID = domain.UUID{0: byte(n >> 8), 1: byte(n), 15: 1}
		for range 100 {
			d.Interfaces = append(d.Interfaces, domain.Interface{Type: domain.InterfaceEthernet})
		}
		for i := range d.Interfaces {
			name := d.HostLink(i)
			if seen[name] {
				t.Fatalf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
}

// TestOnLink: a gateway is a neighbour by itself if all addresses of its family are without a network. With a network
// or a peer it must be in it.
func TestOnLink(t *testing.T) {
	t.Parallel()
	ip := func(text string) domain.InterfaceIP {
		p := netip.MustParsePrefix(text)
		return domain.InterfaceIP{Address: domain.Address{Addr: p.Addr()}, Prefix: uint8(p.Bits())}
	}
	peer := ip("192.0.2.7/32")
	peer.Peer = domain.Address{Addr: netip.MustParseAddr("192.0.2.1")}
	for name, c := range map[string]struct {
		gateway string
		ips     []domain.InterfaceIP
		want    bool
	}{
		"alone":        {"198.51.100.1", []domain.InterfaceIP{ip("192.0.2.7/32")}, true},
		"both alone":   {"198.51.100.1", []domain.InterfaceIP{ip("192.0.2.7/32"), ip("192.0.2.8/32"), ip("2001:db8::7/64")}, true},
		"IPv6":         {"2001:db8:1::1", []domain.InterfaceIP{ip("192.0.2.7/24"), ip("2001:db8::7/128")}, true},
		"link-local":   {"fe80::1", []domain.InterfaceIP{ip("2001:db8::7/128")}, false},
		"network":      {"198.51.100.1", []domain.InterfaceIP{ip("192.0.2.7/24")}, false},
		"one network":  {"198.51.100.1", []domain.InterfaceIP{ip("192.0.2.7/24"), ip("192.0.2.8/32")}, false},
		"peer":         {"192.0.2.1", []domain.InterfaceIP{peer}, false},
		"other family": {"198.51.100.1", []domain.InterfaceIP{ip("2001:db8::7/128")}, false},
	} {
		if got := onLink(netip.MustParseAddr(c.gateway), c.ips); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
