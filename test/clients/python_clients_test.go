//go:build clients

package clients

import "testing"

// pythons are the interpreters, each with Debian's python3-libvirt of its release.
var pythons = map[string]string{"9.0": "python3", "11.3": "chroot /srv/debian13 python3"}

// python runs a script of testdata and gives what it printed.
func python(t *testing.T, interpreter, script string, args string) string {
	t.Helper()
	return shell(t, "timeout 50 "+interpreter+" - "+args+" < testdata/"+script+" 2>&1")
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

// TestPythonStats: python3-libvirt's figures of a container are the kernel's, and a read-only connection changes nothing.
func TestPythonStats(t *testing.T) {
	host(t)
	define(t, "busy", "while :; do :; done", "")
	virsh(t, "start busy")
	for name, interpreter := range pythons {
		t.Run(name, func(t *testing.T) { golden(t, "stats.txt", python(t, interpreter, "stats.py", "busy")+"\n") })
	}
}
