//go:build nest

package nest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/nftables"
)

// inNetwork is an interface in a network, with an address and a route to everything by the first address.
func inNetwork(network, address, gateway string) string {
	return "<interface type='network'><source network='" + network + "'/><ip address='" + address + "' prefix='24'/>" +
		"<route address='0.0.0.0' gateway='" + gateway + "'/></interface>"
}

// answered reports whether a container gets an answer from an address.
func answered(t *testing.T, name, address string) bool {
	t.Helper()
	return try(t, "berthctl", "exec", name, "--", "/bin/ping", "-c1", "-W1", address).Status == 0
}

// foreign makes a bridge with the host 198.51.100.9 on it, which has the other networks behind the bridge.
func foreign(t *testing.T) peer {
	t.Helper()
	bridge(t, "foreign0", "198.51.100.1/24")
	p := namespace(t, "vo", "master", "foreign0")
	p.run("ip", "addr", "add", "198.51.100.9/24", "dev", "eth0")
	p.run("ip", "route", "add", "default", "via", "198.51.100.1")
	return p
}

// TestContainersApart: containers in two networks behind NAT reach the world and not each other, and none reaches what
// is on a bridge of others, unless the network forwards to that or a default route of the host goes by it.
func TestContainersApart(t *testing.T) {
	netHost(t)
	defineNet(t, "lab", "<forward mode='nat'/><bridge name='berthlab'/><ip address='10.9.0.1' prefix='24'/>")
	defineNet(t, "to", "<forward mode='nat' dev='foreign0'/><bridge name='bertht'/><ip address='10.9.1.1' prefix='24'/>")
	defineNet(t, "routed", "<forward mode='route'/><bridge name='berthr'/><ip address='10.9.2.1' prefix='24'/>")
	f := foreign(t)
	beyond(t)
	for _, g := range []struct{ network, address, gateway string }{
		{"default", "192.168.179.9", "192.168.179.1"},
		{"lab", "10.9.0.9", "10.9.0.1"},
		{"to", "10.9.1.9", "10.9.1.1"},
		{"routed", "10.9.2.9", "10.9.2.1"},
	} {
		run(t, "berthctl", "net-start", g.network)
		web := sleeper(t, g.network)
		web.Devs = inNetwork(g.network, g.address, g.gateway)
		web.start(t)
	}
	const world, others = "203.0.113.9", "198.51.100.9"
	for _, s := range []struct {
		from, to string
		reaches  bool
	}{
		{"default", world, true},
		{"default", "192.168.179.1", true},
		{"default", "10.9.0.9", false},
		{"default", "10.9.2.9", true}, // it can be reached from everywhere
		{"default", others, false},
		{"lab", world, true},
		{"lab", "192.168.179.9", false},
		{"lab", others, false},
		{"to", others, true},
		{"to", world, false},
		{"routed", others, true},
	} {
		if s.reaches {
			eventually(t, func() error {
				if !answered(t, s.from, s.to) {
					return fmt.Errorf("%s does not reach %s", s.from, s.to)
				}
				return nil
			})
		} else if answered(t, s.from, s.to) {
			t.Errorf("%s reaches %s", s.from, s.to)
		}
	}
	for _, address := range []string{"192.168.179.9", "10.9.0.9"} {
		if f.sees(address) {
			t.Errorf("a host on a bridge of others reaches %s", address)
		}
	}
	run(t, "ip", "route", "add", "default", "via", others)
	eventually(t, func() error {
		if !answered(t, "default", others) {
			return errors.New("a bridge that the default route goes by is not reached")
		}
		return nil
	})
	run(t, "ip", "route", "del", "default")
	eventually(t, func() error {
		if answered(t, "default", others) {
			return errors.New("it is reached when the default route has gone")
		}
		return nil
	})
}

// TestRulesComeBack: the rules of a network are there again at once when others have flushed all rules of the host.
func TestRulesComeBack(t *testing.T) {
	netHost(t)
	run(t, "berthctl", "net-start", "default")
	f := foreign(t)
	web := sleeper(t, "web")
	web.Devs = inNetwork("default", "192.168.179.9", "192.168.179.1")
	web.start(t)
	c, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c.FlushRuleset()
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			if tables := filterTables(t); !slices.Contains(tables, "berth-berth0") {
				return fmt.Errorf("the tables are %q", tables)
			}
			return nil
		})
	}
	if f.sees("192.168.179.9") || answered(t, "web", "198.51.100.9") {
		t.Error("the networks reach each other")
	}
	run(t, "berthctl", "net-destroy", "default")
	noNetworkLeft(t)
}
