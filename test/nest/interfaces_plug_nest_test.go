//go:build nest

package nest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
)

// changeLink attaches, detaches or updates an interface of a running container.
func changeLink(t testing.TB, name, verb, xml string) error {
	t.Helper()
	c := bus(t)
	path, err := c.ByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	do := map[string]func(context.Context, client.Path, string, client.TuneOptions) error{"attach": c.AttachDevice, "detach": c.DetachDevice, "update": c.UpdateDevice}[verb]
	return do(t.Context(), path, xml, client.TuneOptions{Live: true})
}

// later is an interface that a running container gets.
func later(bridge, address, more string) string {
	return "<interface type='bridge'><mac address='52:54:00:00:00:33'/><source bridge='" + bridge + "'/><ip address='" + address + "' prefix='24'/>" + more + "</interface>"
}

// TestInterfacePlugged: a running container gets an interface with its name and address, up; the link state, the
// limits, the bridge and the MAC address change; and it goes again. With a user namespace it is the same.
func TestInterfacePlugged(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	bridge(t, "br1", "198.51.100.1/24")
	for name, more := range map[string]string{"plain": "", "mapped": idmap} {
		t.Run(name, func(t *testing.T) {
			web := sleeper(t, "web")
			web.More, web.Devs = more, "<interface type='ethernet'/>"
			web.start(t)
			inside := func(command string) result { return try(t, "berthctl", "exec", "web", "--", "sh", "-c", command) }
			does := func(verb, xml string) {
				t.Helper()
				if err := changeLink(t, "web", verb, xml); err != nil {
					t.Fatalf("%s: %v", xml, err)
				}
			}
			does("attach", later("br0", "192.0.2.7", ""))
			if r := inside("ip addr show eth1 && ping -c1 -W60 192.0.2.1"); r.Status != 0 || !strings.Contains(r.Out, "52:54:00:00:00:33") {
				t.Errorf("attached: %+v", r)
			}
			does("update", later("br0", "192.0.2.7", "<link state='down'/>"))
			if r := inside("cat /sys/class/net/eth1/carrier"); r.Out != "0" {
				t.Errorf("its link is down: %+v", r)
			}
			does("update", later("br0", "192.0.2.7", "<bandwidth><inbound average='1000'/><outbound average='1000'/></bandwidth>"))
			if r := inside("cat /sys/class/net/eth1/carrier"); r.Out != "1" {
				t.Errorf("its link is up: %+v", r)
			}
			if text := run(t, "tc", "class", "show", "dev", hostEnd(t, "web", "eth1")); !strings.Contains(text, "rate 8Mbit") {
				t.Errorf("the limit is %s", text)
			}
			does("update", later("br0", "192.0.2.7", ""))
			if text := run(t, "tc", "qdisc", "show"); strings.Contains(text, "htb") || strings.Contains(text, "ingress") {
				t.Errorf("no limit is left, but %s", text)
			}
			does("update", later("br1", "192.0.2.7", ""))
			if r := inside("ping -c1 -W1 192.0.2.1"); r.Status == 0 {
				t.Error("it is on the other bridge, and reaches this one")
			}
			does("update", strings.Replace(later("br0", "192.0.2.7", "<alias name='net1'/>"), "00:33", "00:44", 1))
			if r := inside("ip link set eth1 down; ip link set eth1 name lan; ip link set lan up; cat /sys/class/net/lan/address; ping -c1 -W60 192.0.2.1"); r.Status != 0 || !strings.Contains(r.Out, "52:54:00:00:00:44") {
				t.Errorf("with another address: %+v", r)
			}
			does("detach", strings.Replace(later("br0", "192.0.2.7", ""), "00:33", "00:44", 1))
			if r := inside("ls /sys/class/net"); strings.Contains(r.Out, "lan") {
				t.Errorf("detached, it has %s", r.Out)
			}
			run(t, "berthctl", "destroy", "web")
		})
	}
}

// hostEnd is the name on the host of an interface of a container.
func hostEnd(t testing.TB, name, guest string) string {
	t.Helper()
	for line := range strings.Lines(run(t, "berthctl", "-q", "domiflist", name)) {
		if words := strings.Fields(line); len(words) == 6 && words[5] == guest {
			return words[0]
		}
	}
	t.Fatalf("%s has no %s", name, guest)
	return ""
}

// TestMacvlanPlugged: a running container gets a macvlan and loses it, whatever name and address it has given it, and
// not another one.
func TestMacvlanPlugged(t *testing.T) {
	clean(t)
	run(t, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "world0")
	t.Cleanup(func() { try(t, "ip", "link", "del", "up0") })
	run(t, "ip", "link", "set", "up0", "up")
	direct := func(mac string) string {
		return "<interface type='direct'><mac address='52:54:00:00:00:" + mac + "'/><source dev='up0' mode='bridge'/><link state='up'/></interface>"
	}
	web := sleeper(t, "web")
	web.Devs = direct("01")
	web.start(t)
	if err := changeLink(t, "web", "attach", direct("02")); err != nil {
		t.Fatal(err)
	}
	inside := func(command string) string { return run(t, "berthctl", "exec", "web", "--", "sh", "-c", command) }
	inside("ip link set eth1 down; ip link set eth1 name lan; ip link set lan address 52:54:00:00:00:55")
	if err := changeLink(t, "web", "detach", direct("02")); err != nil {
		t.Error(err)
	}
	if list := inside("ls /sys/class/net"); list != "eth0\nlo" {
		t.Errorf("it has %q", list)
	}
}

// TestInterfacePlugRefused: an interface that a running container cannot get is refused by its element's name, and
// nothing is left; one in the host's network gets none at all.
func TestInterfacePlugRefused(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	web := sleeper(t, "web")
	web.Devs = "<interface type='ethernet'><mac address='52:54:00:00:00:01'/><target dev='web0'/></interface>"
	web.start(t)
	shared := sleeper(t, "shared")
	shared.start(t)
	off := sleeper(t, "off")
	off.define(t)
	run(t, "berthctl", "exec", "web", "--", "sh", "-c", "ip link set eth0 down; ip link set eth0 name eth1")
	links := func() string { return run(t, "sh", "-c", "ls /sys/class/net; berthctl dumpxml web") }
	before := links()
	for name, c := range map[string]struct {
		to, xml, want, verb string
	}{
		"unknown bridge":      {"web", later("br9", "192.0.2.7", ""), "interface/source: the host has no bridge 'br9'", "attach"},
		"unknown network":     {"web", "<interface type='network'><source network='blue'/></interface>", "interface/source@network: ", "attach"},
		"multicast":           {"web", strings.Replace(later("br0", "192.0.2.7", ""), "52:", "53:", 1), "interface/mac@address: ", "attach"},
		"doubled address":     {"web", strings.Replace(later("br0", "192.0.2.7", ""), "00:33", "00:01", 1), "interface/mac@address: ", "attach"},
		"doubled target":      {"web", later("br0", "192.0.2.7", "<target dev='web0'/>"), "interface/target@dev: ", "attach"},
		"target of the host":  {"web", later("br0", "192.0.2.7", "<target dev='br0'/>"), "interface: the host has a link 'br0' already", "attach"},
		"name in use inside":  {"web", later("br0", "192.0.2.7", ""), "interface: the container has a link 'eth1' already", "attach"},
		"unreachable gateway": {"web", later("br0", "192.0.2.7", "<route address='0.0.0.0' gateway='10.0.0.1'/><guest dev='lan'/>"), "interface/route: the gateway 10.0.0.1 cannot be reached", "attach"},
		"not there":           {"web", later("br0", "192.0.2.7", ""), "interface: the container has no such device", "detach"},
		"the host's network":  {"shared", later("br0", "192.0.2.7", ""), "interface: the container has the host's network", "attach"},
		"off":                 {"off", later("br0", "192.0.2.7", ""), "domain is not running", "attach"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := changeLink(t, c.to, c.verb, c.xml); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
			if after := links(); after != before {
				t.Errorf("the host had\n%s\nand has\n%s", before, after)
			}
		})
	}
}

// TestDaemonDiesAtEachPointOfAPlug: when berthd is killed at any point of a change of an interface, the next one ends
// it: the host has the links of the live definition, and no others.
func TestDaemonDiesAtEachPointOfAPlug(t *testing.T) {
	clean(t)
	variant(t, "bin/berthd-faultpoint")
	bridge(t, "br0")
	limits := "<bandwidth><outbound average='1000'/></bandwidth>"
	for _, point := range []string{
		"attach link note", "attach link", "attach definition", "attach state", "update device", "update definition", "update state",
		"detach link", "detach link note", "detach definition", "detach state",
	} {
		t.Run(point, func(t *testing.T) {
			web := sleeper(t, "web")
			web.Devs = "<interface type='ethernet'/>"
			web.start(t)
			verb, _, _ := strings.Cut(point, " ")
			xml := later("br0", "192.0.2.7", "")
			if verb != "attach" {
				if err := changeLink(t, "web", "attach", xml); err != nil {
					t.Fatal(err)
				}
			}
			if verb == "update" {
				xml = later("br0", "192.0.2.7", limits)
			}
			if err := os.WriteFile(faultFile, []byte("kill "+point+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := changeLink(t, "web", verb, xml); err == nil && !exists(faultFile) {
				t.Log("the call was answered all the same")
			}
			if exists(faultFile) {
				t.Fatalf("the point %q was not reached", point)
			}
			eventually(t, func() error {
				live := run(t, "berthctl", "dumpxml", "web")
				want := fmt.Sprintf("%d veth, %d ifb", strings.Count(live, "<interface "), strings.Count(live, "<outbound"))
				links := run(t, "ip", "-br", "link")
				if now := fmt.Sprintf("%d veth, %d ifb", strings.Count(links, "vnet"), strings.Count(links, "vifb")); now != want {
					return errors.New("want " + want + ", there are " + now)
				}
				return nil
			})
			run(t, "berthctl", "destroy", "web")
			run(t, "berthctl", "undefine", "web")
		})
	}
}
