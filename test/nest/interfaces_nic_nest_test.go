//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// nicXML moves the host's lan0 into the container.
func nicXML(more string) string {
	return "<hostdev mode='capabilities' type='net'><source><interface>lan0</interface></source>" + more + "</hostdev>"
}

// nic makes the link lan0 on the host, with the world at its other end, until the test's end. It returns what the host
// shall have again. The kernel destroys a link of this kind with its network namespace, as a VLAN's, and unlike that of
// a card: to be given back, it must have been taken out before.
func nic(t testing.TB) (state func() string) {
	t.Helper()
	run(t, "ip", "link", "add", "lan0", "address", "52:54:00:00:00:77", "mtu", "1400", "type", "veth", "peer", "name", "world0")
	t.Cleanup(func() { try(t, "ip", "link", "del", "world0") })
	run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "world0")
	run(t, "ip", "link", "set", "world0", "up")
	run(t, "ip", "link", "set", "lan0", "up")
	return func() string {
		text, err := os.ReadFile("/sys/class/net/lan0/address")
		if err != nil {
			return err.Error()
		}
		mtu, _ := os.ReadFile("/sys/class/net/lan0/mtu")
		flags, _ := os.ReadFile("/sys/class/net/lan0/flags")
		index, _ := os.ReadFile("/sys/class/net/lan0/ifindex")
		return fmt.Sprintf("%s %s %s %s", text, mtu, flags, index)
	}
}

// same waits until the host has its NIC again, as it was, and no network namespace is pinned.
func same(t testing.TB, state func() string, before string) {
	t.Helper()
	eventually(t, func() error {
		if now := state(); now != before {
			return fmt.Errorf("the host had %q, and has %q", before, now)
		}
		if mounts := run(t, "cat", "/proc/self/mountinfo"); strings.Contains(mounts, "/run/berth/") {
			return errors.New("a network namespace is pinned")
		}
		return nil
	})
}

// TestNIC: a container has a NIC of the host with its addresses and routes, with a user namespace, too. After the end
// it is the host's again, whatever the container has made of it.
func TestNIC(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{"plain": "", "mapped": idmap} {
		t.Run(name, func(t *testing.T) {
			state := nic(t)
			before := state()
			web := sleeper(t, "web")
			web.More = more
			web.Devs = nicXML("<ip address='192.0.2.7' prefix='24'/><route address='203.0.113.0' prefix='24' gateway='192.0.2.1'/>") + "<interface type='ethernet'/>"
			web.start(t)
			if exists("/sys/class/net/lan0") {
				t.Error("the host has it, too")
			}
			inside := func(command string) string { return run(t, "berthctl", "exec", "web", "--", "sh", "-c", command) }
			inside("ping -c1 -W60 192.0.2.1")
			if text := inside("ip addr; ip route"); !strings.Contains(text, "192.0.2.7/24") || !strings.Contains(text, "203.0.113.0/24 via 192.0.2.1 dev lan0") {
				t.Errorf("inside there is\n%s", text)
			}
			inside("ip link set lan0 down; ip link set lan0 address 52:54:00:00:00:99 mtu 1280 name world0; ip link add lan0 type veth peer name world1")
			run(t, "berthctl", "destroy", "web")
			same(t, state, before)
			run(t, "ip", "link", "del", "lan0")
		})
	}
}

// TestNICIsGivenBack: whoever dies, the host has its NIC again, with its name, at the latest when berthd runs.
func TestNICIsGivenBack(t *testing.T) {
	clean(t)
	state := nic(t)
	before := state()
	for name, end := range map[string]func(t *testing.T){
		"stop":                      func(t *testing.T) { run(t, "berthctl", "destroy", "web") },
		"of init":                   func(t *testing.T) { run(t, "kill", "-9", pidOf(info(t, "web").Leader)) },
		"of the supervisor":         func(t *testing.T) { run(t, "kill", "-9", pidOf(uint32(keeperOf(info(t, "web"))))) },
		"stop after a daemon's end": func(t *testing.T) { killDaemon(t); run(t, "berthctl", "destroy", "web") },
		"of all at once": func(t *testing.T) {
			leader, supervisor := pidOf(info(t, "web").Leader), pidOf(uint32(keeperOf(info(t, "web"))))
			run(t, "systemctl", "kill", "-s", "STOP", "berthd")
			run(t, "kill", "-9", supervisor, leader)
			run(t, "systemctl", "kill", "-s", "KILL", "berthd")
		},
	} {
		t.Run(name, func(t *testing.T) {
			web := sleeper(t, "web")
			web.Devs = nicXML("")
			web.start(t)
			end(t)
			eventually(t, func() error {
				if state := info(t, "web").State; state != "shutoff" {
					return errors.New(state)
				}
				return nil
			})
			same(t, state, before)
			run(t, "berthctl", "undefine", "web")
		})
	}
}

// TestNICRefused: a NIC that the host lacks or cannot do without fails the start by its element's name, and stays.
func TestNICRefused(t *testing.T) {
	clean(t)
	state := nic(t)
	bridge(t, "br0")
	run(t, "ip", "link", "add", "port0", "type", "veth", "peer", "name", "port1")
	t.Cleanup(func() { try(t, "ip", "link", "del", "port0") })
	run(t, "ip", "link", "set", "port0", "master", "br0")
	run(t, "ip", "addr", "add", "198.51.100.1/24", "dev", "lan0")
	run(t, "ip", "route", "add", "default", "via", "198.51.100.9", "dev", "lan0")
	before := state()
	for name, c := range map[string]struct{ devs, want string }{
		"unknown":       {strings.Replace(nicXML(""), "lan0", "no0", 1), "domain/devices/hostdev/source/interface: the host has no network interface 'no0'"},
		"bridge":        {strings.Replace(nicXML(""), "lan0", "br0", 1), "domain/devices/hostdev/source/interface: the kernel moves no link of the kind 'bridge'"},
		"port":          {strings.Replace(nicXML(""), "lan0", "port0", 1), "domain/devices/hostdev/source/interface: the host's link 'port0' is a port of a bridge"},
		"default route": {nicXML(""), "domain/devices/hostdev/source/interface: the host's default route goes by 'lan0'"},
	} {
		t.Run(name, func(t *testing.T) {
			web := sleeper(t, "web")
			web.Devs = c.devs
			web.define(t)
			if r := try(t, "berthctl", "start", "web"); r.Status == 0 || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v; want %q", r, c.want)
			}
			same(t, state, before)
			run(t, "berthctl", "undefine", "web")
		})
	}
	failing := sleeper(t, "failing")
	failing.Devs = nicXML("<ip address='192.0.2.7' prefix='24'/><route address='203.0.113.0' prefix='24' gateway='10.0.0.1'/>")
	failing.More = "<berth:container xmlns:berth='urn:berth:container:1'><berth:take_default_route/></berth:container>"
	failing.define(t)
	if r := try(t, "berthctl", "start", "failing"); r.Status == 0 || !strings.Contains(r.Err, "domain/devices/hostdev/route: the gateway 10.0.0.1 cannot be reached") {
		t.Errorf("%+v", r)
	}
	same(t, state, before)
}
