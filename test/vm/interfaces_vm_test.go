//go:build vm

package vm

import (
	"strings"
	"testing"
)

// onBridge is an interface on the bridge br0 with an address and further elements.
func onBridge(address, more string) string {
	return "<interface type='bridge'><source bridge='br0'/><ip address='" + address + "' prefix='24'/>" + more + "</interface>"
}

// inside runs a command of the host in a container's network.
func inside(t testing.TB, g *guest, argv ...string) result {
	t.Helper()
	return try(t, "nsenter", append([]string{"-t", g.leader(t), "-n"}, argv...)...)
}

// TestVLANs: interfaces on a bridge that filters VLANs reach those of the same VLAN only. A trunk has the frames of its
// native VLAN without a tag and of the others with one.
func TestVLANs(t *testing.T) {
	run(t, "ip", "link", "add", "br0", "type", "bridge", "vlan_filtering", "1")
	t.Cleanup(func() { run(t, "ip", "link", "del", "br0") })
	run(t, "ip", "link", "set", "br0", "up")
	guests := map[string]*guest{}
	for name, x := range map[string][2]string{
		"seven":  {"192.0.2.7", "<vlan><tag id='7'/></vlan>"},
		"eight":  {"192.0.2.8", "<vlan><tag id='8'/></vlan>"},
		"preset": {"192.0.2.1", ""},
		"trunk":  {"192.0.2.2", "<vlan><tag id='7' nativeMode='untagged'/><tag id='8'/></vlan>"},
	} {
		guests[name] = &guest{Name: name, More: memory, Devs: onBridge(x[0], x[1])}
		guests[name].start(t)
	}
	trunk := guests["trunk"]
	for _, argv := range [][]string{
		{"ip", "link", "add", "link", "eth0", "name", "tag8", "type", "vlan", "id", "8"}, {"ip", "addr", "add", "198.51.100.2/24", "dev", "tag8"}, {"ip", "link", "set", "tag8", "up"},
	} {
		if r := inside(t, trunk, argv...); r.Status != 0 {
			t.Fatalf("%v: %+v", argv, r)
		}
	}
	if r := inside(t, guests["eight"], "ip", "addr", "add", "198.51.100.8/24", "dev", "eth0"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	for _, c := range []struct {
		from, to string
		reaches  bool
	}{
		{"trunk", "192.0.2.7", true},
		{"trunk", "198.51.100.8", true},
		{"eight", "198.51.100.2", true},
		{"trunk", "192.0.2.8", false},
		{"preset", "192.0.2.7", false},
		{"seven", "192.0.2.1", false},
	} {
		r := inside(t, guests[c.from], "busybox", "ping", "-c", "1", "-W", map[bool]string{true: "20", false: "2"}[c.reaches], c.to)
		if (r.Status == 0) != c.reaches {
			t.Errorf("%s to %s: %+v", c.from, c.to, r)
		}
	}
}

// TestLimitedLeaf: the queue of a limited interface is fq_codel in both directions on a kernel that has it, so that one
// connection does not hold up all others.
func TestLimitedLeaf(t *testing.T) {
	g := &guest{Name: "web", More: memory, Devs: "<interface type='ethernet'><bandwidth><inbound average='1000'/><outbound average='1000'/></bandwidth><target dev='web0'/></interface>"}
	g.start(t)
	text := run(t, "tc", "qdisc", "show")
	for _, want := range []string{"htb 1: dev web0 root", "fq_codel 2: dev web0 parent 1:1", "ingress ffff: dev web0", "htb 1: dev vifb", "fq_codel 2: dev vifb"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	run(t, "berthctl", "destroy", "web")
	if text := run(t, "tc", "qdisc", "show"); strings.Contains(text, "htb") || strings.Contains(text, "ingress") {
		t.Errorf("left are\n%s", text)
	}
}
