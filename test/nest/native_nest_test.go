//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNativeRuns: a container of LXC's that domxml-from-native has converted starts from its root, and is reached at
// its address. What has no counterpart is a warning with its line.
func TestNativeRuns(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	dir := t.TempDir()
	config, xml := filepath.Join(dir, "config"), filepath.Join(dir, "web.xml")
	text := "lxc.uts.name = web\nlxc.rootfs.path = dir:" + busybox(t) + "\nlxc.init.cmd = /bin/sleep 100000\nlxc.net.0.type = veth\n" +
		"lxc.net.0.link = br0\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = 192.0.2.7/24\nlxc.hook.start = /bin/true\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := try(t, "berthctl", "domxml-from-native", "lxc-tools", config)
	if r.Status != 0 || !strings.Contains(r.Err, config+":8: lxc.hook.start: ") {
		t.Fatalf("%+v", r)
	}
	if err := os.WriteFile(xml, []byte(r.Out), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "define", xml)
	t.Cleanup(func() { try(t, "berthctl", "destroy", "web"); run(t, "berthctl", "undefine", "web") })
	run(t, "berthctl", "start", "web")
	run(t, "ping", "-c1", "-W60", "192.0.2.7")
}
