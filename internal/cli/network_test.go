package cli

import "testing"

// TestNetworks: the commands about networks print what their golden file has, as virsh does.
func TestNetworks(t *testing.T) {
	t.Parallel()
	goldenLines(t, "network", []string{
		"net-list", "net-list --all", "net-list --inactive", "net-list --all --name", "net-list --uuid", "-q net-list --all", "net-list --json",
		"net-list --all --json", "net-list x", "net-list --name --json",
		"net-list --all --persistent --name", "net-list --all --transient --autostart", "net-list --all --no-autostart --name", "net-list --table --name", "net-edit nosuch",
		"net-info default", "net-info 7795eb01-f6a4-8304-79aa-97f2502e193f", "net-info broken", "net-info default --json", "net-info broken --json", "net-info nosuch",
		"net-dumpxml default", "net-dumpxml --inactive --network default",
		"net-define -", "-q net-define -", "net-define", "net-define /nosuch/file",
		"net-start lab", "-q net-start lab", "net-start nosuch", "net-start", "net-destroy default", "net-undefine lab",
		"net-autostart default", "net-autostart --disable default",
		"net-dhcp-leases default --json", "net-dhcp-leases default 52:54:00:00:00:02 --json", "net-dhcp-leases default", "-q net-dhcp-leases default --mac 52:54:00:00:00:01",
		"net-dhcp-leases default x",
		"net-name 6695eb01-f6a4-8304-79aa-97f2502e193f", "net-uuid default",
		"help net-list", "help net-dhcp-leases",
	})
}
