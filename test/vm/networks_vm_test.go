//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// networkdWithoutUdev has systemd-networkd take links as they come until the test's end: the machine has no udev, for
// which it waits unless it cannot write to /sys.
func networkdWithoutUdev(t *testing.T) {
	t.Helper()
	const dropIn = "/run/systemd/system/systemd-networkd.service.d/vm.conf"
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dropIn, []byte("[Service]\nReadOnlyPaths=/sys\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "systemctl", "daemon-reload")
	t.Cleanup(func() {
		try(t, "berthctl", "net-destroy", "default")
		run(t, "systemctl", "stop", "systemd-networkd.socket", "systemd-networkd.service")
		if err := os.RemoveAll(filepath.Dir(dropIn)); err != nil {
			t.Error(err)
		}
		run(t, "systemctl", "daemon-reload")
	})
}

// TestNetworksConfined: with berthd confined, the network "default" starts, a container in it gets an address by DHCP
// and its ports, a running one gets and loses interfaces, devices, file systems and a disk, with a label and a user
// namespace or without, and the network stops. Nothing is denied to berthd, see nothingWasDenied.
func TestNetworksConfined(t *testing.T) {
	networkdWithoutUdev(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	disk := func(target string) string {
		image := file(target, strings.Repeat(target, 1<<18))
		run(t, "chcon", "-t", "container_file_t", image)
		return "<disk type='file'><source file='" + image + "'/><target dev='" + target + "'/></disk>"
	}
	const onDefault = "<interface type='network'><source network='default'/><mac address='52:54:00:00:00:0"
	first := onDefault + "1'/><link state='up'/><port xmlns='urn:berth:container:1' host='80'/><port xmlns='urn:berth:container:1' proto='udp' host='5353'/></interface>" + disk("vda")
	hotplug := map[string]string{
		"interface": onDefault + "2'/><bandwidth><inbound average='1000'/></bandwidth></interface>",
		"tun":       "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>",
		"tree":      "<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/mnt/ram'/></filesystem>",
		"disk":      disk("vdb"),
	}
	paths := map[string]string{}
	for name, xml := range hotplug {
		paths[name] = file(name+".xml", xml)
	}
	const idmap = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"
	run(t, "berthctl", "net-start", "default")
	for name, more := range map[string]string{"plain": memory, "both": dynamic + idmap} {
		g := &guest{Name: name, More: more, Devs: first, Init: "udhcpc -i eth0 -n -q -f -t 10 -s /bin/true; exec sleep 100000"}
		startLabelled(t, g)
		address := ""
		for end := time.Now().Add(patience); address == "" && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			for field := range strings.FieldsSeq(run(t, "berthctl", "-q", "net-dhcp-leases", "default")) {
				if strings.HasPrefix(field, "192.168.179.") {
					address = field
				}
			}
		}
		if got := run(t, "berthctl", "domifaddr", name); address == "" || !strings.Contains(got, address) {
			t.Errorf("%s: the lease is %q, domifaddr prints\n%s", name, address, got)
		}
		for _, path := range paths {
			run(t, "berthctl", "attach-device", name, path)
		}
		run(t, "berthctl", "exec", name, "--", "/bin/ls", "/sys/class/net/eth1/address", "/dev/net/tun", "/mnt/ram", "/dev/vdb")
		for _, path := range paths {
			run(t, "berthctl", "detach-device", name, path)
		}
		run(t, "berthctl", "destroy", name)
	}
	if got, want := run(t, "sh", "-c", "stat --format=%C /run/systemd/network/*"), "system_u:object_r:systemd_networkd_runtime_t:s0"; got != want {
		t.Errorf("networkd's file has the label %s, want %s", got, want)
	}
	run(t, "berthctl", "net-destroy", "default")
	if left, err := filepath.Glob("/sys/class/net/berth*"); len(left) > 0 || err != nil {
		t.Errorf("left: %q, %v", left, err)
	}
}
