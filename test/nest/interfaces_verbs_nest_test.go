//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestInterfaceVerbs: berthctl attaches an interface to a running container and to its definition, pulls its cable,
// limits it, finds its address among the host's neighbours, and detaches it.
func TestInterfaceVerbs(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	web := sleeper(t, "web")
	web.Devs = "<interface type='ethernet'/>"
	web.start(t)
	inside := func(command string) string { return run(t, "berthctl", "exec", "web", "--", "sh", "-c", command) }
	run(t, "berthctl", "attach-interface", "web", "bridge", "br0", "--mac", "52:54:00:00:00:33", "--persistent", "--inbound", "1000")
	inside("ip addr add 192.0.2.7/24 dev eth1; ip link set eth1 up")
	run(t, "busybox", "ping", "-c1", "-W60", "192.0.2.7")
	for want, args := range map[string][]string{
		"eth1 up": {"domif-getlink", "web", "eth1"}, "inbound.average: 1000": {"domiftune", "web", "eth1"},
		"52:54:00:00:00:33    ipv4         192.0.2.7/32": {"domifaddr", "web", "--source", "arp"},
		"source bridge='br0'":                            {"dumpxml", "--inactive", "web"},
	} {
		if got := run(t, "berthctl", args...); !strings.Contains(got, want) {
			t.Errorf("%v prints %q, want %q", args, got, want)
		}
	}
	run(t, "berthctl", "domif-setlink", "web", "eth1", "down")
	if got := inside("cat /sys/class/net/eth1/carrier"); got != "0" {
		t.Errorf("the carrier is %s", got)
	}
	run(t, "berthctl", "domif-setlink", "web", "52:54:00:00:00:33", "up")
	run(t, "berthctl", "domiftune", "web", "eth1", "--inbound", "0", "--outbound", "2000,4000,64", "--live", "--config")
	if text := run(t, "tc", "class", "show", "dev", hostEnd(t, "web", "eth1")); text != "" {
		t.Errorf("a limit is left: %s", text)
	}
	for _, which := range []string{"--live", "--config"} {
		if got := run(t, "berthctl", "domiftune", "web", "eth1", which); !strings.Contains(got, "outbound.peak  : 4000") {
			t.Errorf("%s: %s", which, got)
		}
	}
	run(t, "berthctl", "detach-interface", "web", "bridge", "--persistent")
	if got := run(t, "sh", "-c", "berthctl dumpxml web; berthctl dumpxml --inactive web; ls /sys/class/net"); strings.Contains(got, "br0'") || strings.Contains(got, "vifb") || strings.Contains(inside("ls /sys/class/net"), "eth1") {
		t.Errorf("it is left:\n%s", got)
	}
}
