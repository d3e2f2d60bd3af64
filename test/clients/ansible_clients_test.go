//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAnsible: the playbook of testdata passes: Ansible's module virt defines, starts, lists, stops and removes a
// container, is idempotent, and the connection plugin libvirt_lxc runs commands in it.
func TestAnsible(t *testing.T) {
	host(t)
	g := write(t, "web", idle, "")
	t.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	inventory := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(inventory, []byte("localhost ansible_connection=local\nweb ansible_connection=community.libvirt.libvirt_lxc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := shell(t, "timeout 240 ansible-playbook -i "+inventory+" -e definition="+g.File+" "+filepath.Join(here, "testdata/playbook.yml")+" 2>&1 || { echo the playbook failed; }")
	has(t, text, "localhost                  : ok=", "unreachable=0    failed=0")
	if t.Failed() {
		t.Log(text)
	}
	if left := virsh(t, "list --all --name"); left != "" {
		t.Errorf("the playbook left %s", left)
	}
}
