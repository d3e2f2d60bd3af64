//go:build clients

package clients

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pythons are the interpreters, each with Debian's python3-libvirt of its release.
var pythons = map[string]string{"9.0": "python3", "11.3": "chroot /srv/debian13 python3"}

// python runs a script of testdata and gives what it printed.
func python(t *testing.T, interpreter, script string, args string) string {
	t.Helper()
	return shell(t, "timeout 240 "+interpreter+" - "+args+" < testdata/"+script+" 2>&1")
}

// TestPython: python3-libvirt defines a container, takes it through its life and hears of each change.
func TestPython(t *testing.T) {
	for name, interpreter := range pythons {
		t.Run(name, func(t *testing.T) {
			host(t)
			g := write(t, "python", idle, "")
			golden(t, "life.txt", python(t, interpreter, "life.py", g.copied(t))+"\n")
		})
	}
}

// TestPythonConsole: python3-libvirt's stream of a console carries data both ways, and is finished and aborted.
func TestPythonConsole(t *testing.T) {
	host(t)
	define(t, "talker", "exec </dev/console >/dev/console; while read x; do echo first $x; done", "<console type='pty'/>")
	for name, interpreter := range pythons {
		t.Run(name, func(t *testing.T) {
			virsh(t, "start talker")
			golden(t, "console.txt", python(t, interpreter, "console.py", "talker")+"\n")
		})
	}
}

// TestPythonStats: python3-libvirt's figures of a container are the kernel's, and a read-only connection changes
// nothing.
func TestPythonStats(t *testing.T) {
	host(t)
	define(t, "busy", "while :; do :; done", "")
	virsh(t, "start busy")
	for name, interpreter := range pythons {
		t.Run(name, func(t *testing.T) { golden(t, "stats.txt", python(t, interpreter, "stats.py", "busy")+"\n") })
	}
}

// TestPythonInside: python3-libvirt reads what a container is to itself, as if there was an agent in it. A file that is
// none is not waited for.
func TestPythonInside(t *testing.T) {
	host(t)
	shell(t, "ip link add br0 type bridge")
	t.Cleanup(func() { shell(t, "ip link del br0") })
	g := write(t, "inside", "ip addr add 10.1.2.3/24 dev eth0; ip link set eth0 up; "+idle,
		"<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:00:00:01'/></interface>")
	release := filepath.Join(g.Root, "etc/os-release")
	if err := os.WriteFile(release, []byte("ID=tiny\nPRETTY_NAME=\"Tiny 1\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// One zone, three hours east of UTC; tzfile(5).
	zone := "TZif" + strings.Repeat("\x00", 35) + "\x01\x00\x00\x00\x04" + "\x00\x00\x2a\x30\x00\x00XST\x00"
	if err := os.WriteFile(filepath.Join(g.Root, "etc/localtime"), []byte(zone), 0o644); err != nil {
		t.Fatal(err)
	}
	virsh(t, "define "+g.File)
	virsh(t, "start inside")
	eventually(t, func() error {
		if out := virsh(t, "domifaddr inside --source agent"); !strings.Contains(out, "10.1.2.3/24") || !strings.Contains(out, "fe80::") {
			return errors.New("the container has no address yet: " + out)
		}
		return nil
	})
	for name, interpreter := range pythons {
		t.Run(name, func(t *testing.T) { golden(t, "inside.txt", python(t, interpreter, "inside.py", "inside")+"\n") })
	}
	shell(t, "rm "+release+"; mkfifo "+release)
	if r := try(t, "virsh", "-c", "lxc:///system", "guestinfo", "inside", "--os"); r.Status == 0 || !strings.Contains(r.Out+r.Err, "is not a regular file") {
		t.Errorf("os-release is a FIFO: %+v", r)
	}
	if out := virsh(t, "guestinfo inside"); strings.Contains(out, "os.") || !strings.Contains(out, "hostname") {
		t.Errorf("os-release is a FIFO: %s", out)
	}
}
