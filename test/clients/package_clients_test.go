//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPackage: an upgrade of Debian's package closes the connections of clients, which find the containers again. With
// its removal the sockets are gone; clients hear of it and containers live, until the package is there again. After its
// purge nothing of it is left.
func TestPackage(t *testing.T) {
	host(t)
	install := func() { shell(t, "dpkg -i "+here+"/../../bin/berth.deb") }
	install()
	define(t, "web", idle, "")
	t.Cleanup(func() {
		install() // for other tests, with the sockets enabled
		shell(t, "systemctl stop berthd; systemctl enable --now berth-libvirt.socket")
	})
	virsh(t, "start web")
	leader := run(t, "machinectl", "show", "web", "--property=Leader", "--value")
	there := func(where string) {
		t.Helper()
		if got := virsh(t, "domid web") + " " + virsh(t, "domstate web"); got != leader+" running" {
			t.Errorf("after %s, its id and state are %s; its first process was %s", where, got, leader)
		}
	}
	interactive := onTerminal(t, "virsh -c lxc:///system")
	interactive.shows(t, "virsh #")
	hears := func() (*terminal, *terminal) {
		t.Helper()
		reader := onTerminal(t, "virsh -r -c lxc:///system event --all --loop")
		events := onTerminal(t, "virsh -c lxc:///system event --all --loop")
		eventually(t, func() error { // virsh does not say when it listens
			virsh(t, "desc web --live Changed")
			if err := events.within("metadata-change"); err != nil {
				return err
			}
			return reader.within("metadata-change")
		})
		return reader, events
	}
	const lost = "error: Disconnected from lxc:///system due to end of file"

	reader, events := hears()
	install()
	for _, m := range []*terminal{reader, events} {
		m.shows(t, lost)
		m.ends(t)
	}
	eventually(t, func() error {
		interactive.types(t, "domid web\r")
		return interactive.within(leader)
	})
	has(t, interactive.text(), "error: Reconnected to the hypervisor")
	there("the upgrade")

	reader, events = hears()
	shell(t, "DEBIAN_FRONTEND=noninteractive apt-get remove -q -y berth")
	for _, m := range []*terminal{reader, events, interactive} {
		m.shows(t, lost)
	}
	for _, path := range []string{"/run/libvirt/virtlxcd-sock", "/run/libvirt/virtlxcd-sock-ro", "/etc/systemd/system/sockets.target.wants/berth-libvirt.socket"} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left, %v", path, err)
		}
	}
	if units := run(t, "systemctl", "list-units", "--all", "--plain", "--no-legend", "berth*"); units != "" {
		t.Errorf("units are left: %s", units)
	}
	if _, err := os.Stat("/proc/" + leader); err != nil {
		t.Errorf("the container is gone: %v", err)
	}
	has(t, run(t, "machinectl", "list"), "web")

	install()
	if r := try(t, "systemctl", "is-enabled", "berth-libvirt.socket"); r.Out != "disabled" {
		t.Errorf("the socket is %s again", r.Out)
	}
	shell(t, "systemctl enable --now berth-libvirt.socket")
	there("the removal")

	virsh(t, "destroy web")
	virsh(t, "undefine web")
	shell(t, "DEBIAN_FRONTEND=noninteractive apt-get purge -q -y berth")
	var left []string
	for _, pattern := range []string{
		"/etc/berth", "/etc/*/*berth*", "/etc/systemd/system/*/berth*", "/run/berth*", "/run/libvirt/virtlxcd*", "/usr/*bin/berth*",
		"/usr/libexec/berth*", "/usr/share/*/berth*", "/usr/share/man/*/*berth*.gz", "/usr/share/dbus-1/*/*berth*", "/usr/lib/systemd/*/berth*", "/var/lib/berth*", "/var/lib/dpkg/info/berth*",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, found...)
	}
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
