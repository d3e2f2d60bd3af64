//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterfaceOfANetwork: an interface becomes a port of the bridge of a network that is on, which the live XML names.
// A network that is off fails the start by the element's name.
func TestInterfaceOfANetwork(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	file := filepath.Join(t.TempDir(), "net.xml")
	if err := os.WriteFile(file, []byte("<network><name>blue</name><forward mode='bridge'/><bridge name='br0'/></network>"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "net-define", file)
	t.Cleanup(func() {
		try(t, "berthctl", "net-destroy", "blue")
		try(t, "berthctl", "net-undefine", "blue")
	})
	web := sleeper(t, "web")
	web.Devs = "<interface type='network'><source network='blue'/><ip address='192.0.2.7' prefix='24'/></interface>"
	web.define(t)
	if r := try(t, "berthctl", "start", "web"); r.Status == 0 || !strings.Contains(r.Err, "domain/devices/interface/source@network: network 'blue' is not active") {
		t.Errorf("while the network is off: %+v", r)
	}
	run(t, "berthctl", "net-start", "blue")
	run(t, "berthctl", "start", "web")
	run(t, "busybox", "ping", "-c1", "-W60", "192.0.2.7")
	if live := run(t, "berthctl", "dumpxml", "web"); !strings.Contains(live, "<source network='blue' bridge='br0'/>") {
		t.Errorf("live it is\n%s", live)
	}
}
