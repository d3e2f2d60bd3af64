//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDefaultNetwork: the network "default" is off until it is started. Then hosts in it get addresses by DHCP and by
// router advertisements, and reach a server beyond the host, which does not reach them. When it is stopped, nothing is
// left.
func TestDefaultNetwork(t *testing.T) {
	netHost(t)
	if got := run(t, "berthctl", "-q", "net-list", "--all"); !regexp.MustCompile(`^ *default +inactive +no +yes$`).MatchString(got) {
		t.Fatalf("got %q", got)
	}
	noNetworkLeft(t)
	run(t, "berthctl", "net-start", "default")
	w := beyond(t)
	a, b := namespace(t, "va", "master", "berth0"), namespace(t, "vb", "master", "berth0")
	first, second := a.lease(), b.lease()
	if first == second || !strings.HasPrefix(first, "192.168.179.") {
		t.Errorf("addresses %s and %s", first, second)
	}
	for _, address := range []string{"192.168.179.1", second, "203.0.113.9", "fd5c:8f3e:b179::1"} {
		a.reaches(address)
	}
	eventually(t, func() error {
		if !a.sees("2001:db8:9::9") { // once it has an address of its own and a route
			return errors.New("the world does not answer by IPv6: " + a.run("ip", "-6", "addr", "show", "dev", "eth0"))
		}
		return nil
	})
	w.run("ip", "route", "add", "192.168.179.0/24", "via", "203.0.113.1")
	if w.sees(first) {
		t.Error("the world reaches a host behind NAT")
	}
	leases := run(t, "berthctl", "-q", "net-dhcp-leases", "default")
	for _, address := range []string{first, second} {
		if !strings.Contains(leases, " "+address+"/24 ") {
			t.Errorf("no lease of %s in:\n%s", address, leases)
		}
	}
	run(t, "berthctl", "net-destroy", "default")
	noNetworkLeft(t)
}

// TestNetworksApart: hosts in two networks do not reach each other, a known host gets its address, and one in an
// isolated network reaches its own network only. None sends beyond the host in the name of an address that is not of
// its network.
func TestNetworksApart(t *testing.T) {
	netHost(t)
	defineNet(t, "lab", labInside)
	defineNet(t, "alone", `<bridge name='berthalone'/><ip address='10.9.1.1' prefix='24'><dhcp><range start='10.9.1.10' end='10.9.1.20'/></dhcp></ip>`)
	for _, name := range []string{"default", "lab", "alone"} {
		run(t, "berthctl", "net-start", name)
	}
	w := beyond(t)
	a, b := namespace(t, "va", "master", "berth0"), namespace(t, "vb", "master", "berthlab")
	c, d := namespace(t, "vc", "master", "berthalone"), namespace(t, "vd", "master", "berthalone")
	b.run("ip", "link", "set", "eth0", "address", "52:54:00:aa:bb:cc")
	atA, atB, atC, atD := a.lease(), b.lease(), c.lease(), d.lease()
	if atB != "10.9.0.77" {
		t.Errorf("the known host has %s", atB)
	}
	c.run("ip", "route", "add", "default", "via", "10.9.1.1") // which the network did not give
	for _, s := range []struct {
		from    peer
		to      string
		reaches bool
	}{
		{a, "203.0.113.9", true},
		{b, "203.0.113.9", true},
		{c, "203.0.113.9", false},
		{c, atD, true},
		{c, "10.9.1.1", true},
		{a, atB, false},
		{b, atA, false},
		{a, atC, false},
		{c, atA, false},
		{b, atC, false},
	} {
		if s.reaches {
			s.from.reaches(s.to)
		} else if s.from.sees(s.to) {
			t.Errorf("from %s to %s", s.from.run("ip", "-4", "-o", "addr", "show", "dev", "eth0"), s.to)
		}
	}
	for bridge, p := range map[string]peer{"berth0": a, "berthlab": b} {
		const other = "198.18.0.5"
		p.run("ip", "addr", "add", other+"/32", "dev", "eth0")
		run(t, "ip", "route", "replace", other, "dev", bridge)
		w.run("ip", "route", "replace", other, "via", "203.0.113.1")
		if got := p.try("busybox", "ping", "-c", "1", "-W", "1", "-I", other, "203.0.113.9"); got.Status == 0 {
			t.Errorf("a host on %s reaches the world as %s: %+v", bridge, other, got)
		}
	}
	for _, name := range []string{"default", "lab", "alone"} {
		run(t, "berthctl", "net-destroy", name)
	}
	noNetworkLeft(t)
}

// TestNetworkCrash: a berthd that is killed at a point of a start or stop leaves a network that can be started, with
// the bridge and the rules; and one that is killed later changes nothing.
func TestNetworkCrash(t *testing.T) {
	netHost(t)
	variant(t, "bin/berthd-faultpoint")
	for _, point := range []string{
		"net-start filter", "net-start files", "net-start bridge", "net-start forwarding", "net-start done",
		"net-destroy forwarding", "net-destroy bridge", "net-destroy files", "net-destroy filter",
	} {
		verb, _, _ := strings.Cut(point, " ")
		for _, how := range []string{"kill", "fail"} {
			if verb == "net-destroy" {
				run(t, "berthctl", "net-start", "default")
			}
			if err := os.WriteFile(faultFile, []byte(how+" "+point+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := try(t, "berthctl", verb, "default"); got.Status == 0 || exists(faultFile) {
				t.Errorf("%s %s: %+v", how, point, got)
			}
			if how == "fail" && verb == "net-destroy" {
				run(t, "berthctl", "net-destroy", "default")
			}
			run(t, "berthctl", "net-list", "--all") // the next daemon
			noNetworkLeft(t)
			run(t, "berthctl", "net-start", "default")
			run(t, "systemctl", "kill", "--signal=KILL", "berthd.service")
			eventually(t, func() error {
				if got := try(t, "berthctl", "net-list", "--name"); got.Out != "default" {
					return fmt.Errorf("active: %+v", got)
				}
				return nil
			})
			if !exists("/sys/class/net/berth0") || !slices.Contains(filterTables(t), "berth-berth0") {
				t.Errorf("after %s %s the network is not whole", how, point)
			}
			run(t, "berthctl", "net-destroy", "default")
			noNetworkLeft(t)
		}
	}
}

// TestNetworkBadInput: what cannot be is refused with the name of the element, and nothing is left.
func TestNetworkBadInput(t *testing.T) {
	netHost(t)
	defineNet(t, "lab", labInside)
	run(t, "berthctl", "net-start", "lab")
	defineNet(t, "twice", `<ip address='10.9.0.129' prefix='25'/>`)
	run(t, "ip", "link", "add", "hosts0", "type", "veth", "peer", "name", "hosts1")
	t.Cleanup(func() { try(t, "ip", "link", "delete", "hosts0") })
	run(t, "ip", "addr", "add", "198.51.100.1/24", "dev", "hosts0")
	defineNet(t, "hosts", `<ip address='198.51.100.9' prefix='24'/>`)
	defineNet(t, "nobridge", `<forward mode='bridge'/><bridge name='nosuch0'/>`)
	for name, want := range map[string]string{
		"twice":    `cannot start network "twice": network/ip@address: 10.9.0.128/25 overlaps with 10.9.0.0/24 of the host's interface berthlab`,
		"hosts":    `cannot start network "hosts": network/ip@address: 198.51.100.0/24 overlaps with 198.51.100.0/24 of the host's interface hosts0`,
		"nobridge": `cannot start network "nobridge": network/bridge@name: the host has no interface nosuch0`,
		"lab":      `cannot start network "lab": network 'lab' is already active`,
		"nosuch":   `failed to get network 'nosuch'`,
	} {
		if got := try(t, "berthctl", "net-start", name); got.Status != 1 || got.Err != "error: "+want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for inside, want := range map[string]string{
		"<bridge name='berthlab'/>":                           "network/bridge@name: network 'lab' has the bridge berthlab",
		"<forward mode='hostdev'/>":                           "network/forward@mode: ",
		"<uuid>11111111-2222-4333-8444-555555555555</uuid><x": "syntax error",
	} {
		file := filepath.Join(t.TempDir(), "n.xml")
		if err := os.WriteFile(file, []byte("<network><name>n</name>"+inside+"</network>"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := try(t, "berthctl", "net-define", file); got.Status != 1 || !strings.Contains(got.Err, want) {
			t.Errorf("%s: %+v", inside, got)
		}
	}
	run(t, "berthctl", "net-destroy", "lab")
	noNetworkLeft(t)
}
