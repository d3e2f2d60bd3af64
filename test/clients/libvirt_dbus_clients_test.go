//go:build clients

package clients

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	libvirtDBus = "org.libvirt /org/libvirt/LXC"
	connectOf   = " org.libvirt.Connect "
	domainOf    = " org.libvirt.Domain "
)

// bridged lets Debian's libvirt-dbus, which is no process of root, do what its callers may ask of it.
func bridged(t *testing.T) {
	t.Helper()
	shell(t, "cp /usr/share/doc/berth/examples/polkit/libvirt-dbus.rules /etc/polkit-1/rules.d/50-libvirt-dbus.rules")
	t.Cleanup(func() {
		shell(t, "rm /etc/polkit-1/rules.d/50-libvirt-dbus.rules; systemctl restart polkit; kill $(busctl status org.libvirt | sed -n s/^PID=//p)")
	})
	shell(t, "systemctl restart polkit")
}

// TestLibvirtDBus: libvirt-dbus makes every container an object of org.libvirt, whose methods, properties and signals
// are those of the container. Among them are all that cockpit-machines calls.
func TestLibvirtDBus(t *testing.T) {
	busy(t)
	bridged(t)
	call := func(line string) string { return shell(t, "timeout 120 busctl call "+line) }
	object := strings.Split(call(libvirtDBus+connectOf+"DomainLookupByName s busy"), `"`)[1]
	domain := "org.libvirt " + object

	listener := onTerminal(t, `env SYSTEMD_COLORS=0 busctl monitor --match "type='signal',sender='org.libvirt'"`)
	listener.shows(t, "Monitoring bus message stream")
	for name, c := range map[string]struct{ line, want string }{
		"list":       {libvirtDBus + connectOf + "ListDomains u 0", `ao 1 "` + object + `"`},
		"state":      {domain + domainOf + "GetState u 0", "(ii) 1 1"},
		"by uuid":    {libvirtDBus + connectOf + "DomainLookupByUUID s " + id("busy"), `o "` + object + `"`},
		"a property": {domain + " org.freedesktop.DBus.Properties Get ss org.libvirt.Domain Name", `v s "busy"`},
		"type":       {domain + " org.freedesktop.DBus.Properties Get ss org.libvirt.Domain OSType", `v s "exe"`},
		"persistent": {domain + " org.freedesktop.DBus.Properties Get ss org.libvirt.Domain Persistent", "v b true"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := call(c.line); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	for name, line := range map[string]string{
		"all properties of the connection": libvirtDBus + " org.freedesktop.DBus.Properties GetAll s org.libvirt.Connect",
		"all properties of the container":  domain + " org.freedesktop.DBus.Properties GetAll s org.libvirt.Domain",
		"capabilities":                     libvirtDBus + connectOf + "GetCapabilities",
		"live XML":                         domain + domainOf + "GetXMLDesc u 0",
		"stored XML":                       domain + domainOf + "GetXMLDesc u 2",
	} {
		t.Run(name, func(t *testing.T) {
			if got := call(line); len(got) < 100 {
				t.Errorf("got only %s", got)
			}
		})
	}
	t.Run("figures", func(t *testing.T) {
		before := consumed(t, "busy")
		text := call(domain + domainOf + "GetStats uu 0 0")
		after := consumed(t, "busy")
		found := regexp.MustCompile(`"cpu\.time" v t ([0-9]+)`).FindStringSubmatch(text)
		if found == nil {
			t.Fatal(text)
		}
		got, err := strconv.ParseUint(found[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "cpu.time", before, got, after)
	})
	for _, method := range []string{"Suspend", "Resume", "Destroy u 0", "Create u 0"} {
		call(domain + domainOf + method)
	}
	is(t, "busy", "running")
	eventually(t, func() error {
		heard := listener.text()
		if n := strings.Count(heard, "Member=DomainEvent"); n != 4 {
			return fmt.Errorf("%d signals in:\n%s", n, heard)
		}
		return nil
	})
}
