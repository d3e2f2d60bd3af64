//go:build clients

package clients

import (
	"fmt"
	"testing"

	"github.com/berthd/berth/test/rig/command"
)

// TestSSH: virsh of another host reaches Berth through ssh, with the helper that libvirt has for it, and with nc where
// that is not installed.
func TestSSH(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	virsh(t, "start web")
	shell(t, `mkdir -p -m 0700 ~/.ssh /run/sshd
		ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519
		cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys
		[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
		echo "127.0.0.1 $(cat /etc/ssh/ssh_host_ed25519_key.pub)" > ~/.ssh/known_hosts`)
	t.Cleanup(func() { shell(t, "rm -r ~/.ssh") })
	background(t, "/usr/sbin/sshd", "-D", "-e", "-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no")
	eventually(t, func() error { return succeeds(try(t, "ssh", "127.0.0.1", "true")) })
	const netcat = "?proxy=netcat&socket=/run/libvirt/virtlxcd-sock"
	for name, c := range map[string]struct{ uri, without string }{
		"automatic":              {"lxc+ssh://127.0.0.1/system", ""},
		"virt-ssh-helper":        {"lxc+ssh://127.0.0.1/system?proxy=native", "nc"},
		"nc":                     {"lxc+ssh://127.0.0.1/system" + netcat, "virt-ssh-helper"},
		"automatic, only nc":     {"lxc+ssh://127.0.0.1/system?socket=/run/libvirt/virtlxcd-sock", "virt-ssh-helper"},
		"the socket of readers":  {"lxc+ssh://127.0.0.1/system?proxy=netcat&socket=/run/libvirt/virtlxcd-sock-ro", "virt-ssh-helper"},
		"without libvirt's path": {"lxc+ssh://127.0.0.1/?proxy=native", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.without != "" {
				shell(t, "mv /usr/bin/"+c.without+" /usr/bin/"+c.without+".off")
				defer shell(t, "mv /usr/bin/"+c.without+".off /usr/bin/"+c.without)
			}
			for line, want := range map[string]string{
				"list --name": "web", "domstate --reason web": "running (booted)", "uri": c.uri,
			} {
				if got := shell(t, "timeout 120 virsh -c '"+c.uri+"' "+line); got != want {
					t.Errorf("%s: got %q, want %q", line, got, want)
				}
			}
		})
	}
	t.Run("console", func(t *testing.T) {
		m := onTerminal(t, "virsh -c lxc+ssh://127.0.0.1/system console web")
		m.shows(t, "Escape character is ^] (Ctrl + ])")
		m.shows(t, "hello")
		m.types(t, "\x1d")
		if got := m.ends(t); got != 0 {
			t.Errorf("exit status %d", got)
		}
	})
}

func succeeds(r command.Result) error {
	if r.Status != 0 {
		return fmt.Errorf("exit status %d: %s%s", r.Status, r.Out, r.Err)
	}
	return nil
}
