//go:build nest

package nest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
	containerfigures "github.com/berthd/berth/internal/figures"
)

// traffic is what domifstat prints of an interface: bytes, packets, errors and drops received, and the same sent.
func traffic(t testing.TB, name, link string) (list []uint64) {
	t.Helper()
	for line := range strings.Lines(run(t, "berthctl", "domifstat", name, link)) {
		words := strings.Fields(line)
		n, err := strconv.ParseUint(words[len(words)-1], 10, 64)
		if err != nil || words[0] != link {
			t.Fatalf("domifstat of %s prints %q", name, line)
		}
		list = append(list, n)
	}
	if len(list) != 8 {
		t.Fatalf("domifstat of %s prints %d numbers", name, len(list))
	}
	return list
}

const (
	received = 0 // bytes, in traffic
	sent     = 4
)

// sameInside checks that a container counts for itself what domifstat prints, once nothing is under way.
func sameInside(t *testing.T, name, link string) {
	t.Helper()
	eventually(t, func() error {
		got := traffic(t, name, link)
		text := run(t, "berthctl", "exec", name, "--", "cat", "/proc/net/dev")
		line := regexp.MustCompile(`(?m)^ *` + link + `:(.*)$`).FindStringSubmatch(text)
		if line == nil {
			t.Fatalf("%s has no %s:\n%s", name, link, text)
		}
		var inside []uint64
		for word := range strings.FieldsSeq(line[1]) {
			n, _ := strconv.ParseUint(word, 10, 64)
			inside = append(inside, n)
		}
		if inside = slices.Concat(inside[:4], inside[8:12]); !slices.Equal(got, inside) {
			return fmt.Errorf("%s: %s is %v outside and %v inside", name, link, got, inside)
		}
		return nil
	})
}

// sends has one container send a megabyte to another, which is at an address.
func sends(t *testing.T, from, to, address string) {
	t.Helper()
	done := make(chan result)
	go func() { done <- try(t, "berthctl", "exec", to, "--", "nc", "-l", "-p", "9", "-e", "wc", "-c") }()
	// Until the other one listens it is refused.
	got := run(t, "berthctl", "exec", from, "--", "sh", "-c", "until dd if=/dev/zero bs=1000 count=1000 2> /dev/null | nc "+address+" 9; do :; done")
	if r := <-done; r.Status != 0 || strings.TrimSpace(got) != "1000000" {
		t.Fatalf("%s got %q, %+v", to, got, r)
	}
}

// pair starts two containers with an interface each.
func pair(t *testing.T, interfaceWith func(address string) string) {
	t.Helper()
	for name, address := range map[string]string{"from": "192.0.2.2/24", "to": "192.0.2.3/24"} {
		g := sleeper(t, name)
		g.Devs = interfaceWith(address)
		g.start(t)
	}
}

// megabyte checks that the containers of a pair have sent and received a megabyte, and not much the other way round.
func megabyte(t *testing.T) {
	t.Helper()
	from, to := traffic(t, "from", "eth0"), traffic(t, "to", "eth0")
	for what, n := range map[string]uint64{"sent": from[sent], "received": to[received]} {
		if n < 1_000_000 || n > 1_300_000 {
			t.Errorf("%d bytes are %s", n, what)
		}
	}
	for what, n := range map[string]uint64{"sent": to[sent], "received": from[received]} {
		if n == 0 || n > 200_000 {
			t.Errorf("%d bytes are %s the other way round", n, what)
		}
	}
}

// TestTrafficOfAVeth: the traffic of two containers on a bridge is counted on both sides as they see it, also while one
// is suspended and after an end of berthd. A reboot begins anew.
func TestTrafficOfAVeth(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	pair(t, func(address string) string { return onBridge(address) })
	sends(t, "from", "to", "192.0.2.3")
	megabyte(t)
	sameInside(t, "from", "eth0")
	sameInside(t, "to", "eth0")
	run(t, "berthctl", "suspend", "to")
	megabyte(t)
	killDaemon(t)
	megabyte(t)
	run(t, "berthctl", "resume", "to")
	list := strings.Fields(run(t, "berthctl", "-q", "domiflist", "to"))
	if len(list) != 6 || list[1] != "bridge" || list[2] != "br0" || list[5] != "eth0" {
		t.Fatalf("domiflist prints %q", list)
	}
	if link := run(t, "ip", "-br", "link", "show", "master", "br0"); !strings.Contains(link, list[0]+"@") {
		t.Errorf("no %s on the bridge: %s", list[0], link)
	}
	if text := run(t, "berthctl", "exec", "to", "--", "cat", "/sys/class/net/eth0/address"); text != list[4] {
		t.Errorf("the address is %s, and %s in domiflist", text, list[4])
	}
	eventually(t, func() error { // nothing may be counted between the two
		if byName, byMAC := traffic(t, "to", list[0]), traffic(t, "to", list[4]); !slices.Equal(byName, byMAC) {
			return fmt.Errorf("by name %v, by address %v", byName, byMAC)
		}
		return nil
	})
	run(t, "berthctl", "reset", "to")
	if n := traffic(t, "to", "eth0"); n[received] > 100_000 {
		t.Errorf("after a reboot it has received %d bytes", n[received])
	}
	if n := traffic(t, "from", "eth0"); n[sent] < 1_000_000 {
		t.Errorf("after a reboot of the other one it has sent %d bytes", n[sent])
	}
	sameInside(t, "to", "eth0")
	run(t, "berthctl", "destroy", "to")
	if r := try(t, "berthctl", "domifstat", "to", "eth0"); r.Status != 1 || !strings.Contains(r.Err, "domain is not running") {
		t.Errorf("off: %+v", r)
	}
}

// TestTrafficOfAMacvlan: the traffic of macvlans, which have no end on the host, is counted too, with a user namespace
// as well, and what the container has removed is not.
func TestTrafficOfAMacvlan(t *testing.T) {
	clean(t)
	run(t, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "world0")
	t.Cleanup(func() { try(t, "ip", "link", "del", "up0") })
	for _, link := range []string{"up0", "world0"} {
		run(t, "ip", "link", "set", link, "up")
	}
	direct := func(address string) string {
		address, prefix, _ := strings.Cut(address, "/")
		return "<interface type='direct'><source dev='up0' mode='bridge'/><ip address='" + address + "' prefix='" + prefix + "'/></interface>"
	}
	to := sleeper(t, "to")
	to.More, to.Devs = idmap, direct("192.0.2.3/24")
	to.start(t)
	from := sleeper(t, "from")
	from.Devs = direct("192.0.2.2/24")
	from.start(t)
	sends(t, "from", "to", "192.0.2.3")
	megabyte(t)
	sameInside(t, "from", "eth0")
	sameInside(t, "to", "eth0")
	if list := strings.Fields(run(t, "berthctl", "-q", "domiflist", "to")); len(list) != 6 || list[0] != "-" || list[2] != "up0" {
		t.Errorf("domiflist prints %q", list)
	}
	killDaemon(t)
	megabyte(t)
	run(t, "berthctl", "exec", "from", "--", "ip", "link", "del", "eth0")
	if r := try(t, "berthctl", "domifstat", "from", "eth0"); r.Status != 1 || !strings.Contains(r.Err, "the container has removed or renamed it") {
		t.Errorf("without its interface: %+v", r)
	}
	if text := run(t, "berthctl", "domstats", "--interface", "from", "to"); !strings.Contains(text, "'from'\n  net.count=0\n") || !strings.Contains(text, "\n  net.0.name=eth0\n  net.0.rx.bytes=") {
		t.Errorf("domstats prints\n%s", text)
	}
}

// TestTrafficInTop: top shows what a container receives and sends a second, and nothing of one without interfaces.
func TestTrafficInTop(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	web := script(t, "web", "exec ping -s 1400 192.0.2.1") // 1442 bytes a second, either way
	web.Devs = onBridge("192.0.2.2/24")
	web.start(t)
	sleeper(t, "alone").start(t)
	says(t, "web", "seq=1")
	text := run(t, "berthctl", "top", "--csv", "-n", "1", "-d", "4", "--columns", "name,receive,transmit", "--sort", "name")
	lines := strings.Split(text, "\n")
	if len(lines) != 3 || lines[0] != "clock,receive_bytes_per_second,transmit_bytes_per_second,name" || !strings.HasSuffix(lines[1], ",,,alone") {
		t.Fatalf("top prints\n%s", text)
	}
	fields := strings.Split(lines[2], ",")
	for _, field := range fields[1:3] {
		if rate, err := strconv.ParseFloat(field, 64); err != nil || rate < 300 || rate > 4000 {
			t.Errorf("top prints\n%s", text)
		}
	}
	list, err := bus(t).AllStats(t.Context(), client.StatsFilter{Groups: containerfigures.Net})
	if err != nil || len(list) != 2 || list[0].Len() != 0 || len(list[0].Interfaces) != 0 || len(list[1].Interfaces) != 1 {
		t.Errorf("the figures are %+v, %v", list, err)
	}
}
