//go:build nest

package nest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"
)

// netHost prepares the host for networks, and has nothing of them left at the end of the test. A nest has no udev, for
// which networkd waits unless it cannot write to /sys; and the machine may have libvirt's own default network.
func netHost(t *testing.T) {
	t.Helper()
	clean(t)
	const dropIn = "/run/systemd/system/systemd-networkd.service.d/nest.conf"
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dropIn, []byte("[Service]\nReadOnlyPaths=/sys\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const libvirts = "/etc/libvirt/qemu/networks/default.xml"
	if exists(libvirts) {
		if err := os.Rename(libvirts, libvirts+".aside"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Rename(libvirts+".aside", libvirts) })
	}
	run(t, "systemctl", "daemon-reload")
	// Its socket has started it for the links of another test, without the drop-in.
	run(t, "systemctl", "stop", "systemd-networkd.service")
	tables := filterTables(t)
	t.Cleanup(func() {
		for name := range strings.FieldsSeq(run(t, "berthctl", "net-list", "--name")) {
			try(t, "berthctl", "net-destroy", name)
		}
		run(t, "systemctl", "stop", "systemd-networkd.service")
		if got := filterTables(t); !slices.Equal(got, tables) {
			t.Errorf("packet filter: tables %q, before %q", got, tables)
		}
		if err := os.RemoveAll(filepath.Dir(dropIn)); err != nil {
			t.Error(err)
		}
		run(t, "systemctl", "daemon-reload")
	})
}

// filterTables are the names of the tables of the packet filter.
func filterTables(t testing.TB) (names []string) {
	t.Helper()
	c, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := c.ListTables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		names = append(names, table.Name)
	}
	slices.Sort(names)
	return names
}

// noNetworkLeft checks that nothing of networks is left: no bridge, file, note, or table.
func noNetworkLeft(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"/sys/class/net/*berth*", "/run/systemd/network/*", "/run/systemd/network/.*", "/run/berth/networks/*", "/run/berth/networks/.*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
	for _, name := range filterTables(t) {
		if strings.HasPrefix(name, "berth-") {
			t.Errorf("left: table %s", name)
		}
	}
}

// peer is a network namespace, which the kernel keeps as long as its process lives.
type peer struct {
	t   *testing.T
	pid string
}

// namespace makes a peer with the end "eth0" of a veth, and does with the host's end what the words say.
func namespace(t *testing.T, link string, words ...string) peer {
	t.Helper()
	cmd := exec.Command("unshare", "--net", "sh", "-c", "echo ready; exec sleep 1000")
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		try(t, "ip", "link", "delete", link)
	})
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p := peer{t, fmt.Sprint(cmd.Process.Pid)}
	run(t, "ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", p.pid)
	run(t, "ip", append([]string{"link", "set", link, "up"}, words...)...)
	p.run("ip", "link", "set", "lo", "up")
	p.run("ip", "link", "set", "eth0", "up")
	return p
}

func (p peer) try(args ...string) result {
	return try(p.t, "nsenter", append([]string{"--net=/proc/" + p.pid + "/ns/net"}, args...)...)
}

func (p peer) run(args ...string) string {
	p.t.Helper()
	got := p.try(args...)
	if got.Status != 0 {
		p.t.Fatalf("%q: %+v", args, got)
	}
	return got.Out
}

// reaches waits until an address answers.
func (p peer) reaches(address string) {
	p.t.Helper()
	eventually(p.t, func() error {
		if !p.sees(address) {
			return fmt.Errorf("%s does not answer", address)
		}
		return nil
	})
}

// sees reports whether the peer gets an answer from an address.
func (p peer) sees(address string) bool {
	return p.try("busybox", "ping", "-c", "1", "-W", "1", address).Status == 0
}

var boundTo = regexp.MustCompile(`bound ([0-9.]+)/([0-9]+) via ?([0-9.]*)`)

// lease gets an address for a peer by DHCP, with the default route.
func (p peer) lease() (address string) {
	p.t.Helper()
	script := filepath.Join(p.t.TempDir(), "script")
	text := "#!/bin/sh\n[ \"$1\" = bound ] && echo bound $ip/$mask via $router\nexit 0\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		p.t.Fatal(err)
	}
	out := p.run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", script, "-t", "60", "-T", "1")
	got := boundTo.FindStringSubmatch(out)
	if got == nil {
		p.t.Fatalf("no address: %s", out)
	}
	p.run("ip", "addr", "add", got[1]+"/"+got[2], "dev", "eth0")
	if got[3] != "" {
		p.run("ip", "route", "add", "default", "via", got[3])
	}
	return got[1]
}

// beyond is a host beyond the nest.
func beyond(t *testing.T) peer {
	t.Helper()
	p := namespace(t, "up0")
	run(t, "ip", "addr", "add", "203.0.113.1/24", "dev", "up0")
	run(t, "ip", "addr", "add", "2001:db8:9::1/64", "dev", "up0", "nodad")
	p.run("ip", "addr", "add", "203.0.113.9/24", "dev", "eth0")
	p.run("ip", "addr", "add", "2001:db8:9::9/64", "dev", "eth0", "nodad")
	return p
}

// defineNet stores a network for the time of the test.
func defineNet(t *testing.T, name, inside string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".xml")
	if err := os.WriteFile(file, []byte("<network><name>"+name+"</name>"+inside+"</network>"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "net-define", file)
	t.Cleanup(func() {
		try(t, "berthctl", "net-destroy", name)
		try(t, "berthctl", "net-undefine", name)
	})
}

const labInside = `<forward mode='nat'/><bridge name='berthlab'/><domain name='lab.example'/>
<ip address='10.9.0.1' prefix='24'><dhcp><range start='10.9.0.10' end='10.9.0.20'/><host mac='52:54:00:aa:bb:cc' ip='10.9.0.77'/></dhcp></ip>`
