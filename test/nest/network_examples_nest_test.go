//go:build nest

package nest

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The two example configurations of libvirt's page about its LXC driver.
const (
	hostRootExample = `<domain type='lxc'>
  <name>vm1</name>
  <memory>500000</memory>
  <os>
    <type>exe</type>
    <init>/bin/sh</init>
  </os>
  <vcpu>1</vcpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/libexec/libvirt_lxc</emulator>
    <interface type='network'>
      <source network='default'/>
    </interface>
    <console type='pty' />
  </devices>
</domain>`
	privateRootExample = `<domain type='lxc'>
  <name>vm1</name>
  <memory>32768</memory>
  <os>
    <type>exe</type>
    <init>/init</init>
  </os>
  <vcpu>1</vcpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/libexec/libvirt_lxc</emulator>
    <filesystem type='mount'>
      <source dir='/opt/vm-1-root'/>
      <target dir='/'/>
    </filesystem>
    <interface type='network'>
      <source network='default'/>
    </interface>
    <console type='pty' />
  </devices>
</domain>`
)

// onLease is a script for udhcpc, and for who can only execute a shell.
const onLease = "#!/bin/sh\n[ \"$1\" = bound ] && busybox ip addr add $ip/$mask dev eth0 && busybox ip route add default via $router\nexit 0\n"

var given = regexp.MustCompile(`192\.168\.179\.[0-9]+`)

// TestPublishedExamples: both examples of libvirt's page, as they are, start on the default network, and get an address
// by DHCP and one of IPv6 by router advertisements. The container reaches a server beyond the NAT by both, the host
// finds it by its name, and machinectl shows the addresses.
func TestPublishedExamples(t *testing.T) {
	netHost(t)
	run(t, "berthctl", "net-start", "default")
	w := beyond(t)
	w.run("ip", "-6", "route", "add", "default", "via", "2001:db8:9::1")
	const root = "/opt/vm-1-root"
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", "-a", busybox(t), root)
	t.Cleanup(func() { run(t, "rm", "-rf", root) })
	for path, text := range map[string]string{
		root + "/init":  "#!/bin/sh\nip link set eth0 up\nudhcpc -i eth0 -n -q -f -t 60 -T 1 -s /lease\nexec sleep 100000\n",
		root + "/lease": onLease, "/opt/lease": onLease,
	} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Remove("/opt/lease") })
	for name, c := range map[string]struct{ xml, ask string }{
		"host root":    {hostRootExample, "busybox ip link set eth0 up; busybox udhcpc -i eth0 -n -q -f -t 60 -T 1 -s /opt/lease"},
		"private root": {privateRootExample, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "example.xml")
			if err := os.WriteFile(file, []byte(c.xml), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "berthctl", "define", file)
			t.Cleanup(func() { try(t, "berthctl", "destroy", "vm1"); run(t, "berthctl", "undefine", "vm1") })
			run(t, "berthctl", "start", "vm1")
			run(t, "berthctl", "exec", "vm1", "--", "/bin/sh", "-c", c.ask)
			eventually(t, func() error {
				for _, world := range []string{"203.0.113.9", "2001:db8:9::9"} {
					if got := try(t, "berthctl", "exec", "vm1", "--", "/bin/sh", "-c", "busybox ping -c1 -W1 "+world); got.Status != 0 {
						return fmt.Errorf("%s: %+v", world, got)
					}
				}
				return nil
			})
			status := run(t, "machinectl", "--no-pager", "status", "vm1")
			address := given.FindString(status)
			if address == "" || !strings.Contains(status, "fd5c:8f3e:b179:") {
				t.Errorf("machinectl shows\n%s", status)
			}
			lease := run(t, "berthctl", "domifaddr", "vm1", "--source", "lease")
			if !strings.Contains(lease, " ipv4 ") || !strings.Contains(lease, address+"/24") {
				t.Errorf("the lease of %s is told as\n%s", address, lease)
			}
			if got := run(t, "getent", "ahostsv4", "vm1"); !strings.HasPrefix(got, address+" ") {
				t.Errorf("vm1 is %s, not %s", got, address)
			}
			for _, ping := range []string{"-4", "-6"} {
				run(t, "ping", ping, "-c1", "-W60", "vm1")
			}
			if leases := run(t, "berthctl", "-q", "net-dhcp-leases", "default"); !strings.Contains(leases, netip.MustParseAddr(address).String()+"/24") {
				t.Errorf("the leases are\n%s", leases)
			}
		})
	}
}
