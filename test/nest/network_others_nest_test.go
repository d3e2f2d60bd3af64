//go:build nest

package nest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"
)

// TestNetworkRemovedByOthers: what others remove of an active network comes back with the next berthd, and a network
// whose bridge is gone can be stopped. A bridge or a table that others have by our names stays theirs.
func TestNetworkRemovedByOthers(t *testing.T) {
	netHost(t)
	run(t, "berthctl", "net-start", "default")
	c, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	c.DelTable(&nftables.Table{Name: "berth-berth0", Family: nftables.TableFamilyINet})
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	run(t, "ip", "link", "delete", "berth0")
	run(t, "systemctl", "restart", "berthd")
	if !exists("/sys/class/net/berth0") || !slices.Contains(filterTables(t), "berth-berth0") {
		t.Error("they are not there again")
	}
	a := namespace(t, "va", "master", "berth0")
	a.lease()
	run(t, "ip", "link", "delete", "berth0")
	run(t, "ip", "link", "add", "berth0", "type", "bridge") // another's
	t.Cleanup(func() { try(t, "ip", "link", "delete", "berth0") })
	run(t, "berthctl", "net-destroy", "default")
	if !exists("/sys/class/net/berth0") {
		t.Error("the bridge of another is gone")
	}
	if got := try(t, "berthctl", "net-start", "default"); !strings.Contains(got.Err, "network/bridge@name: the host has an interface berth0 already") {
		t.Errorf("got %+v", got)
	}
	run(t, "ip", "link", "delete", "berth0")
	c.AddTable(&nftables.Table{Name: "berth-berth0", Family: nftables.TableFamilyINet}) // another's, too
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := try(t, "berthctl", "net-start", "default"); !strings.Contains(got.Err, `remove it with "nft delete table inet berth-berth0"`) {
		t.Errorf("got %+v", got)
	}
	if !slices.Contains(filterTables(t), "berth-berth0") {
		t.Error("the table of another is gone")
	}
	c.DelTable(&nftables.Table{Name: "berth-berth0", Family: nftables.TableFamilyINet})
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
}

// TestNetworkWithoutNetworkd: on a host whose systemd-networkd cannot run, a network that needs it is not started, the
// error says what for, and nothing is left.
func TestNetworkWithoutNetworkd(t *testing.T) {
	netHost(t)
	run(t, "systemctl", "mask", "--runtime", "--now", "systemd-networkd.service")
	t.Cleanup(func() {
		run(t, "systemctl", "unmask", "--runtime", "systemd-networkd.service")
		run(t, "systemctl", "reset-failed", "systemd-networkd.socket") // it had no service to give its message to
	})
	got := try(t, "berthctl", "net-start", "default")
	for _, want := range []string{"files: the network needs systemd-networkd for DHCP and router advertisements", "masked"} {
		if got.Status == 0 || !strings.Contains(got.Err, want) {
			t.Errorf("no %q in %+v", want, got)
		}
	}
	noNetworkLeft(t)
	defineNet(t, "plain", "<bridge name='berthplain'/><ip address='10.9.2.1' prefix='24'/>") // nothing to serve
	run(t, "berthctl", "net-start", "plain")
	run(t, "berthctl", "net-destroy", "plain")
	noNetworkLeft(t)
}
