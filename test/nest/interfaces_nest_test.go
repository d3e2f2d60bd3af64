//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// bridge makes a bridge with addresses on the host until the test's end.
func bridge(t testing.TB, name string, addresses ...string) {
	t.Helper()
	run(t, "ip", "link", "add", name, "type", "bridge")
	t.Cleanup(func() { try(t, "ip", "link", "del", name) })
	for _, a := range addresses {
		run(t, "ip", "addr", "add", a, "dev", name, "nodad")
	}
	run(t, "ip", "link", "set", name, "up")
}

// onBridge is an interface on the bridge br0 with addresses.
func onBridge(addresses ...string) string {
	xml := "<interface type='bridge'><source bridge='br0'/>"
	for _, a := range addresses {
		address, prefix, _ := strings.Cut(a, "/")
		xml += "<ip address='" + address + "' prefix='" + prefix + "'/>"
	}
	return xml + "</interface>"
}

// TestInterfacesReach: two containers and the host reach each other over a bridge by IPv4 and IPv6 from the first
// moment on, and machinectl shows the addresses.
func TestInterfacesReach(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24", "2001:db8::1/64")
	db := sleeper(t, "db")
	db.Devs = onBridge("192.0.2.2/24", "2001:db8::2/64")
	db.start(t)
	web := script(t, "web", `for to in 192.0.2.1 192.0.2.2; do ping -c1 -W60 $to > /dev/null && echo v4 $to; done
for to in 2001:db8::1 2001:db8::2; do ping -6 -c1 -W60 $to > /dev/null && echo v6 $to; done
echo asked; exec sleep 100000`)
	web.Devs = onBridge("192.0.2.3/24", "2001:db8::3/64")
	web.start(t)
	said := says(t, "web", "asked")
	for _, want := range []string{"v4 192.0.2.1\n", "v4 192.0.2.2\n", "v6 2001:db8::1\n", "v6 2001:db8::2\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %q", want, said)
		}
	}
	for _, to := range []string{"192.0.2.2", "192.0.2.3", "2001:db8::2", "2001:db8::3"} {
		if r := try(t, "busybox", "ping", "-c1", "-W60", to); r.Status != 0 {
			t.Errorf("the host does not reach %s: %+v", to, r)
		}
	}
	status := run(t, "machinectl", "--no-pager", "status", "web")
	for _, want := range []string{"192.0.2.3", "2001:db8::3", "Iface: br0"} {
		if !strings.Contains(status, want) {
			t.Errorf("machinectl status has no %s:\n%s", want, status)
		}
	}
	run(t, "berthctl", "destroy", "web")
	if left := run(t, "ip", "-br", "link", "show", "master", "br0"); strings.Count(left, "vnet") != 1 {
		t.Errorf("on the bridge are %q", left)
	}
	run(t, "berthctl", "start", "web") // the name is free again at once
}

// TestIPv6OfAPrivateNetwork: the kernel's own sockets of a network namespace that berthd has had made send by IPv6, as
// neighbour discovery does, also without an interface of ours: nothing of berthd's unit reaches into it.
func TestIPv6OfAPrivateNetwork(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{"plain": "", "mapped": idmap} {
		t.Run(name, func(t *testing.T) {
			web := sleeper(t, "web")
			web.More = more + "<features><privnet/></features>"
			web.start(t)
			inside := func(argv ...string) {
				run(t, "nsenter", append([]string{"-t", pidOf(info(t, "web").Leader), "-n"}, argv...)...)
			}
			inside("ip", "link", "add", "one0", "up", "type", "veth", "peer", "name", "two0")
			inside("ip", "link", "set", "two0", "up")
			eventually(t, func() error {
				if n := run(t, "berthctl", "exec", "web", "--", "cat", "/sys/class/net/two0/statistics/rx_packets"); n == "0" {
					return errors.New("nothing is heard")
				}
				return nil
			})
			run(t, "berthctl", "destroy", "web")
		})
	}
}

// TestIsolatedPorts: two isolated interfaces on a bridge reach the host and not each other.
func TestIsolatedPorts(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	isolated := func(address string) string {
		return strings.Replace(onBridge(address), "</interface>", "<port isolated='yes'/></interface>", 1)
	}
	db := sleeper(t, "db")
	db.Devs = isolated("192.0.2.2/24")
	db.start(t)
	web := script(t, "web", "")
	web.Devs = isolated("192.0.2.3/24")
	said := tell(t, web, "ping -c1 -W60 192.0.2.1 > /dev/null && echo host; ping -c1 -W1 192.0.2.2 > /dev/null && echo neighbour")
	if said != "host" {
		t.Errorf("it reaches %q", said)
	}
}

// TestInterfaceInside: an interface has its name, addresses, MTU and routes in the container, with a user namespace
// too, and the loopback is up.
func TestInterfaceInside(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	for name, more := range map[string]string{"plain": "", "mapped": idmap} {
		t.Run(name, func(t *testing.T) {
			web := script(t, "web", "")
			web.More = more
			web.Devs = `<interface type='bridge'><mac address='52:54:00:00:00:07'/><source bridge='br0'/>
<ip address='192.0.2.7' prefix='24'/><ip address='198.51.100.1' peer='198.51.100.2' prefix='32'/><ip address='2001:db8::7'/>
<route address='0.0.0.0' gateway='192.0.2.1'/><route address='203.0.113.0' prefix='24' gateway='192.0.2.9' metric='77'/><route address='::' gateway='2001:db8::1'/>
<target dev='web0'/><guest dev='lan'/><mtu size='1400'/></interface>
<interface type='ethernet'/><interface type='ethernet'><ip address='10.0.0.1'/><link state='down'/></interface>`
			said := tell(t, web, "ip addr; ip route; ip -6 route")
			for _, want := range []string{
				"lo: <LOOPBACK,UP,LOWER_UP>", "lan@", "UP,LOWER_UP", "mtu 1400", "52:54:00:00:00:07", "192.0.2.7/24", "198.51.100.1 peer 198.51.100.2/32", "2001:db8::7/64",
				"default via 192.0.2.1 dev lan", "203.0.113.0/24 via 192.0.2.9 dev lan  metric 77", "default via 2001:db8::1 dev lan", "eth0@", "eth1@", "10.0.0.1/8", "NO-CARRIER",
			} {
				if !strings.Contains(said, want) {
					t.Errorf("no %q in\n%s", want, said)
				}
			}
			if strings.Contains(said, "tentative") && strings.Contains(strings.Split(strings.Split(said, "2001:db8::7/64")[1], "\n")[0], "tentative") {
				t.Errorf("the address waits for an answer:\n%s", said)
			}
		})
	}
}

// TestMacvlan: a macvlan of each mode is made on a link of the host. In mode bridge, two containers reach each other;
// in passthrough mode the link is one container's alone, and has its own address again afterwards.
func TestMacvlan(t *testing.T) {
	clean(t)
	run(t, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "world0")
	t.Cleanup(func() { try(t, "ip", "link", "del", "up0") })
	for _, link := range []string{"up0", "world0"} {
		run(t, "ip", "link", "set", link, "up")
	}
	run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "world0")
	before := run(t, "cat", "/sys/class/net/up0/address")
	direct := func(mode, address string) string {
		return "<interface type='direct'><source dev='up0' mode='" + mode + "'/><ip address='" + address + "' prefix='24'/></interface>"
	}
	for _, mode := range []string{"vepa", "bridge", "private", "passthrough"} {
		t.Run(mode, func(t *testing.T) {
			db := sleeper(t, "db")
			db.Devs = direct(mode, "192.0.2.2")
			db.start(t)
			web := sleeper(t, "web")
			web.Devs = direct(mode, "192.0.2.3")
			if mode == "passthrough" {
				web.define(t)
				if r := try(t, "berthctl", "start", "web"); r.Status == 0 || !strings.Contains(r.Err, "domain/devices/interface/source: ") || !strings.Contains(r.Err, "passthrough") {
					t.Errorf("a second one on the link: %+v", r)
				}
				return
			}
			web.define(t)
			for range 5 { // its own macvlan is in nobody's way
				run(t, "berthctl", "start", "web")
				run(t, "berthctl", "destroy", "web")
			}
			run(t, "berthctl", "undefine", "web")
			said := tell(t, web, "ping -c1 -W60 192.0.2.1 > /dev/null && echo world; ping -c1 -W1 192.0.2.2 > /dev/null && echo neighbour")
			if !strings.Contains(said, "world") || strings.Contains(said, "neighbour") != (mode == "bridge") {
				t.Errorf("it reaches %q", said)
			}
		})
	}
	eventually(t, func() error {
		if now := run(t, "cat", "/sys/class/net/up0/address"); now != before {
			return fmt.Errorf("the link had the address %s, and has %s", before, now)
		}
		return nil
	})
}

// TestManyInterfaces: a container has 100 interfaces, each with its name and address, and nothing of them is left.
func TestManyInterfaces(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	web := script(t, "web", "")
	for n := range 100 {
		web.Devs += onBridge(fmt.Sprintf("10.0.%d.1/24", n))
	}
	said := tell(t, web, "ip -4 addr")
	for n := range 100 {
		if want := fmt.Sprintf("10.0.%d.1/24 brd 10.0.%d.255 scope global eth%d\n", n, n, n); !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestInterfacesEnd: whoever dies, the host's ends of a container's interfaces go when the container ends, and stay
// until then.
func TestInterfacesEnd(t *testing.T) {
	clean(t)
	for name, end := range map[string]func(t *testing.T){
		"stop":                      func(t *testing.T) { run(t, "berthctl", "destroy", "web") },
		"of init":                   func(t *testing.T) { run(t, "kill", "-9", pidOf(info(t, "web").Leader)) },
		"of the supervisor":         func(t *testing.T) { run(t, "kill", "-9", pidOf(uint32(keeperOf(info(t, "web"))))) },
		"stop after a daemon's end": func(t *testing.T) { killDaemon(t); run(t, "berthctl", "destroy", "web") },
		"with a daemon that was dead": func(t *testing.T) {
			leader := pidOf(info(t, "web").Leader)
			run(t, "systemctl", "kill", "-s", "STOP", "berthd")
			run(t, "kill", "-9", leader)
			run(t, "systemctl", "kill", "-s", "KILL", "berthd")
		},
	} {
		t.Run(name, func(t *testing.T) { // a daemon keeps an inotify open from its first start on, and each of them may be the first
			bridge(t, "br0")
			web := sleeper(t, "web")
			web.Devs = limited("192.0.2.3/24", "<outbound average='1000'/>") + "<interface type='ethernet'><target dev='web0'/></interface>"
			web.start(t)
			if shapers := run(t, "ip", "-br", "link", "show", "type", "ifb"); !exists("/sys/class/net/web0") || strings.Count(shapers, "vifb") != 1 {
				t.Errorf("the host's end is missing, or the link that limits it: %q", shapers)
			}
			end(t)
			eventually(t, func() error {
				if state := info(t, "web").State; state != "shutoff" {
					return errors.New(state)
				}
				return nil
			})
			eventually(t, func() error { // the kernel takes its time with the links of a test before
				links, err := os.ReadDir("/sys/class/net")
				for _, l := range links {
					if l.Name() != "br0" && l.Name() != "lo" {
						err = errors.Join(err, errors.New(l.Name()+" is left"))
					}
				}
				return err
			})
		})
	}
}

// TestInterfacesRefused: an interface that the host cannot make fails the start by its element's name, and nothing is
// left.
func TestInterfacesRefused(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	run(t, "ip", "link", "add", "taken0", "type", "veth", "peer", "name", "taken1")
	t.Cleanup(func() { try(t, "ip", "link", "del", "taken0") })
	run(t, "ip", "link", "set", "taken1", "master", "br0")
	good := "<interface type='ethernet'/>"
	for name, c := range map[string]struct{ devs, want string }{
		"unknown network":      {"<interface type='network'><source network='blue'/></interface>", "domain/devices/interface/source@network: no network with matching name 'blue'"},
		"unknown bridge":       {good + "<interface type='bridge'><source bridge='br9'/></interface>", "domain/devices/interface[2]/source: the host has no bridge 'br9'"},
		"no bridge":            {good + "<interface type='bridge'><source bridge='taken0'/></interface>", "domain/devices/interface[2]/source: 'taken0' is no bridge"},
		"bridge without VLANs": {"<interface type='bridge'><source bridge='br0'/><vlan><tag id='7'/></vlan></interface>", "domain/devices/interface/vlan: the bridge 'br0' does not filter VLANs"},
		"unknown link":         {good + "<interface type='direct'><source dev='no0'/></interface>", "domain/devices/interface[2]/source: the host has no link 'no0'"},
		"link of another":      {good + "<interface type='ethernet'><target dev='taken0'/></interface>", "domain/devices/interface[2]: the host has a link 'taken0' already"},
		"port of a bridge":     {"<interface type='direct'><source dev='taken1'/></interface>", "domain/devices/interface/source: the host's link 'taken1' is a port of a bridge"},
		"MTU above the link's": {"<interface type='direct'><source dev='taken0'/><mtu size='1600'/></interface>", "domain/devices/interface/mtu@size: the host's link 'taken0' has 1500 bytes only"},
		"unreachable gateway":  {"<interface type='ethernet'><ip address='192.0.2.7' prefix='24'/><route address='0.0.0.0' gateway='10.0.0.1'/></interface>", "domain/devices/interface/route: the gateway 10.0.0.1 cannot be reached"},
		"IPv6 without room":    {"<interface type='ethernet'><ip address='2001:db8::7'/><mtu size='1000'/></interface>", "domain/devices/interface/ip: the interface has no IPv6, which needs an MTU"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			web := sleeper(t, "web")
			web.Devs = c.devs
			web.define(t)
			if r := try(t, "berthctl", "start", "web"); r.Status == 0 || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v; want %q", r, c.want)
			}
			if !exists("/sys/class/net/taken0") {
				t.Error("another's link is gone")
			}
		})
	}
}
