//go:build clients

package clients

import (
	"fmt"
	"strings"
	"testing"
)

// TestKilled: when berthd is killed, its clients see that the connection is closed, the containers live, and whoever
// connects again finds them as they were.
func TestKilled(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	virsh(t, "start web")
	leader := func() string { return run(t, "machinectl", "show", "web", "--property=Leader", "--value") }
	before := leader()

	binding := onTerminal(t, "python3 "+here+"/testdata/reconnect.py web")
	binding.shows(t, "connected")
	shellOfVirsh := onTerminal(t, "virsh -c lxc:///system")
	shellOfVirsh.shows(t, "virsh #")
	shellOfVirsh.types(t, "domid web\r")
	shellOfVirsh.shows(t, before)
	events := onTerminal(t, "virsh -c lxc:///system event --all --loop --timestamp")
	eventually(t, func() error { // virsh does not say when it listens
		virsh(t, "desc web --live Changed")
		return events.within("metadata-change")
	})
	console := onTerminal(t, "virsh -c lxc:///system console web")
	console.shows(t, "Escape character is ^] (Ctrl + ])")
	console.shows(t, "hello")

	shell(t, "kill -KILL $(systemctl show berthd --property=MainPID --value)")
	// virsh's console tells it at once, and ends with the next key.
	console.shows(t, "error: Disconnected from lxc:///system due to end of file")
	console.types(t, "x")
	for name, m := range map[string]*terminal{"the binding": binding, "the events": events, "the console": console} {
		t.Run(name, func(t *testing.T) { m.ends(t) })
	}
	binding.shows(t, "closed: end of file")
	binding.shows(t, "the old connection: error ")
	binding.shows(t, "a new one: state [1, ")
	binding.shows(t, "the same process True")
	events.shows(t, "error: Disconnected from lxc:///system due to end of file")

	// virsh's shell connects again by itself.
	eventually(t, func() error {
		shellOfVirsh.types(t, "domstate web\r")
		return shellOfVirsh.within("running")
	})
	has(t, shellOfVirsh.text(), "error: Disconnected from lxc:///system due to end of file", "error: Reconnected to the hypervisor")
	shellOfVirsh.types(t, "quit\r")
	if got := shellOfVirsh.ends(t); got != 0 {
		t.Errorf("virsh's shell ended with %d", got)
	}
	if now := leader(); now != before {
		t.Errorf("the container's first process was %s and is %s", before, now)
	}
	if got := virsh(t, "domid web"); got != before {
		t.Errorf("the id is %s, not %s", got, before)
	}
}

// TestRefusals: what Berth has not is refused with libvirt's code and in libvirt's words, and virt-admin finds nobody.
func TestRefusals(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	virsh(t, "start web")
	for name, interpreter := range pythons {
		t.Run(name, func(t *testing.T) { golden(t, "refused.txt", python(t, interpreter, "refused.py", "web")+"\n") })
	}
	t.Run("virt-admin", func(t *testing.T) {
		r := try(t, "virt-admin", "-c", "virtlxcd:///system", "srv-list")
		want := "error: Failed to connect to the admin server\n" +
			"error: Failed to connect socket to '/run/libvirt/virtlxcd-admin-sock': No such file or directory"
		if got := strings.ReplaceAll(r.Err, "\n\n", "\n"); r.Status != 1 || got != want {
			t.Errorf("got %d, %s\nwant 1, %s", r.Status, got, want)
		}
	})
	t.Run("another user", func(t *testing.T) {
		r := try(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "virsh", "-c", "lxc:///system", "list", "--all")
		if fmt.Sprint(r.Status, r.Out) != "1" || !strings.Contains(r.Err, "error: authentication unavailable: no polkit agent available to authenticate action") {
			t.Errorf("got %+v", r)
		}
	})
}
