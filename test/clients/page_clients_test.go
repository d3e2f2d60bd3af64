//go:build clients

package clients

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPage: every command that libvirt's page about LXC prints works, as it is printed there.
func TestPage(t *testing.T) {
	host(t)
	g := write(t, "myguest", "trap 'exit 0' TERM; trap 'echo rebooted' HUP; echo hello; while :; do sleep 1000 & wait $!; done", "<console type='pty'/>")
	dir := t.TempDir()
	t.Chdir(dir)
	shell(t, "cp "+g.File+" myguest.xml")
	native := "lxc.uts.name = myguest\nlxc.rootfs.path = " + g.Root + "\nlxc.tty.max = 2\nlxc.net.0.type = none\n"
	shell(t, "mkdir -p /var/lib/lxc/myguest")
	if err := os.WriteFile("/var/lib/lxc/myguest/config", []byte(native), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &session{t: t}
	page := func(lines ...string) { s.asVirsh(lines...) }

	page("define myguest.xml", "dumpxml myguest", "start myguest")
	s.domid("myguest")
	page("dumpxml myguest", "dumpxml --inactive myguest", "lxc-enter-namespace myguest -- /bin/ls -al /dev", "shutdown myguest")
	is(t, "myguest", "shut off")
	page("create myguest.xml")
	page("reboot myguest", "destroy myguest", "undefine myguest")
	page("create myguest.xml", "undefine myguest", "destroy myguest")
	page("domxml-from-native lxc-tools /var/lib/lxc/myguest/config")
	golden(t, "page.txt", s.String())
}

// TestEntered: a command in the namespaces of a container is in its control group, too, so that its limits hold for it.
func TestEntered(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	virsh(t, "start web")
	has(t, virsh(t, "lxc-enter-namespace web -- /bin/cat /proc/self/cgroup"), "0::/")
	t.Cleanup(func() { try(t, "systemctl", "stop", "entered.service") })
	shell(t, "systemd-run --unit=entered virsh -c lxc:///system lxc-enter-namespace web -- /bin/sleep 4711")
	eventually(t, func() error {
		pid := try(t, "pgrep", "-f", "^/bin/sleep 4711").Out
		if pid == "" {
			return fmt.Errorf("the command does not run")
		}
		leader := run(t, "machinectl", "show", "web", "--property=Leader", "--value")
		if got, want := read(t, "/proc/"+pid+"/cgroup"), read(t, "/proc/"+leader+"/cgroup"); got != want {
			return fmt.Errorf("its group is %sthe container's %s", got, want)
		}
		return nil
	})
}

// TestEvents: virsh event tells what happens to a container, in libvirt's words and order.
func TestEvents(t *testing.T) {
	host(t)
	g := write(t, "web", idle, "")
	m := onTerminal(t, "virsh -c lxc:///system event --all --loop")
	eventually(t, func() error { // virsh does not say when it listens
		virsh(t, "define "+g.File)
		virsh(t, "undefine web")
		return m.within("Undefined Removed")
	})
	from := len(m.text())
	for _, line := range []string{
		"define " + g.File, "start web", "suspend web", "resume web", "desc web --live Changed", "destroy web", "define " + g.File, "start web",
		"shutdown web --mode signal", "UNTIL OFF", "undefine web", "create " + g.File, "destroy web",
	} {
		if line == "UNTIL OFF" {
			is(t, "web", "shut off")
		} else {
			virsh(t, line)
		}
	}
	const ends = 3
	eventually(t, func() error {
		if n := strings.Count(m.text()[from:], "Stopped"); n < ends {
			return fmt.Errorf("%d events of an end in:\n%s", n, m.text()[from:])
		}
		return nil
	})
	golden(t, "events.txt", m.text()[from:])
	m.types(t, "\x03")
	m.ends(t)
}
