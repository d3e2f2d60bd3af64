package doctor

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/config"
)

// has reports whether a name is on the bus, or would be with the first call.
func (b Bus) has(name string) bool {
	return slices.Contains(b.Running, name) || slices.Contains(b.Activatable, name)
}

// installed reports whether a service can be used. Without a bus its unit's file decides.
func (h *Host) installed(name, unit string) bool {
	if h.Bus.Err == nil {
		return h.Bus.has(name)
	}
	return h.hasAny("etc/systemd/system/"+unit, "usr/lib/systemd/system/"+unit, "lib/systemd/system/"+unit)
}

// masked reports whether somebody has made a unit's file a link to /dev/null.
func (h *Host) masked(unit string) bool {
	for _, dir := range []string{"etc/systemd/system/", "run/systemd/system/"} {
		if to, err := fs.ReadLink(h.Files, dir+unit); err == nil && path.Clean(to) == "/dev/null" {
			return true
		}
	}
	return false
}

// systemd checks that it is the host's init, and its version.
func systemd(h *Host) []Finding {
	const least = 252
	v, _ := version(h.Bus.Systemd)
	switch {
	case !h.exists("run/systemd/system"):
		return []Finding{problem("systemd is not the init of this host", "Berth needs systemd 252 or later as process 1")}
	case h.Bus.Err == nil && v < least:
		return []Finding{problem(fmt.Sprintf("systemd %s is too old", h.Bus.Systemd), "Berth needs systemd 252 or later")}
	case h.Bus.Err != nil:
		return ok("systemd is the init, of an unknown version")
	}
	return ok("systemd " + h.Bus.Systemd)
}

// messageBus checks that the bus answers and knows berthd.
func messageBus(h *Host) []Finding {
	const name = "org.berth1"
	switch {
	case h.Bus.Err != nil:
		return []Finding{problem("the system bus does not answer: "+h.Bus.Err.Error(), "systemctl start dbus.socket dbus.service")}
	case !h.Bus.has(name):
		return []Finding{problem("the bus does not know "+name, "install the package of Berth, and have the bus read its files: systemctl reload dbus.service")}
	case h.masked("berthd.service"):
		return []Finding{problem("berthd.service is masked", "systemctl unmask berthd.service")}
	case !h.hasAny("usr/share/dbus-1/system.d/org.berth1.conf", "etc/dbus-1/system.d/org.berth1.conf"):
		return []Finding{problem("the policy of the bus for "+name+" is missing: nobody may own the name", "install the package of Berth again")}
	case slices.Contains(h.Bus.Running, name):
		return ok("berthd runs")
	}
	return ok("berthd starts with the first call")
}

// machined checks that containers can be registered.
func machined(h *Host) []Finding {
	switch {
	case h.masked("systemd-machined.service"):
		return []Finding{problem("systemd-machined.service is masked: no container starts", "systemctl unmask systemd-machined.service")}
	case !h.installed("org.freedesktop.machine1", "systemd-machined.service"):
		return []Finding{problem("systemd-machined is not installed: no container starts", "install systemd-container")}
	}
	return ok("systemd-machined is there")
}

// polkit checks whether others than root can be admitted.
func polkit(h *Host) []Finding {
	if !h.installed("org.freedesktop.PolicyKit1", "polkit.service") || h.masked("polkit.service") {
		return []Finding{note("polkit is not there: only root can use Berth", "install polkitd, or unmask polkit.service")}
	}
	return ok("polkit is there")
}

// networkd checks what networks with addresses need.
func networkd(h *Host) []Finding {
	const what = "networks have no addresses and no DHCP"
	switch {
	case h.masked("systemd-networkd.service"):
		return []Finding{note("systemd-networkd.service is masked: "+what, "systemctl unmask systemd-networkd.service")}
	case !h.installed("org.freedesktop.network1", "systemd-networkd.service"):
		return []Finding{note("systemd-networkd is not there: "+what, "install systemd-networkd; Berth starts it when a network needs it")}
	}
	return ok("networks can have addresses")
}

// audit checks where the records of containers go.
func audit(h *Host) []Finding {
	c, _ := h.settings()
	switch {
	case c.Audit == config.AuditOff:
		return ok("Audit=off: no records are written")
	case !h.exists("proc/self/loginuid") && c.Audit == config.AuditRequired:
		return []Finding{problem("Audit=required, and the kernel has no audit: no container starts", "boot a kernel with CONFIG_AUDIT, and without audit=0")}
	case !h.exists("proc/self/loginuid"):
		return []Finding{note("the kernel has no audit: records of containers are only in the journal", "boot a kernel with CONFIG_AUDIT")}
	case !h.hasAny("usr/sbin/auditd", "sbin/auditd"):
		return []Finding{note("auditd is not installed: the kernel writes records of containers to its log", "install auditd, or set Audit=off in /etc/berth/berth.conf")}
	}
	return ok("Audit=" + string(c.Audit))
}

// selinux checks that Berth's policy is loaded where SELinux is on.
func selinux(h *Host) []Finding {
	c, _ := h.settings()
	if !h.exists("sys/fs/selinux/enforce") {
		if c.Security == config.SecuritySELinux || c.RequireConfined {
			return []Finding{problem("containers must have labels, and SELinux is off: none starts", "boot with SELinux, or change SecurityDriver= and RequireConfined= in /etc/berth/berth.conf")}
		}
		return ok("SELinux is off: containers have no labels")
	}
	if !h.Root {
		return ok("SELinux is on; only root can see whether Berth's policy is loaded")
	}
	if loaded, _ := fs.Glob(h.Files, "var/lib/selinux/*/active/modules/*/berth"); len(loaded) == 0 {
		return []Finding{note("Berth's policy is not loaded: berthd and its containers run in the domains of other services", "/usr/libexec/berth/berth-selinux load, and restart berthd.service")}
	}
	return ok("SELinux is on, with Berth's policy")
}

// unitFiles looks for settings of others that reach into containers: what berthd.service has, a container that is
// cloned there has too, and a slice holds for all that is in it.
func unitFiles(h *Host) (found []Finding) {
	forDaemon := []string{
		"NoNewPrivileges", "PrivateMounts", "PrivateTmp", "PrivateDevices", "PrivateNetwork", "PrivateUsers", "Protect", "Restrict", "SystemCallFilter",
		"CapabilityBoundingSet", "IPAddressDeny", "IPAddressAllow", "DynamicUser", "ReadOnlyPaths", "InaccessiblePaths", "RootDirectory",
	}
	for _, u := range []struct {
		unit  string
		words []string
		what  string
	}{
		{"berthd.service", forDaemon, "holds in containers too, and many do not start or work with it"},
		{"service", forDaemon, "is for all services, and holds in containers too"},
		{"machine.slice", []string{"IPAddressDeny", "IPAddressAllow", "DeviceAllow", "DevicePolicy", "DisableControllers"}, "holds for all containers"},
		{"-.slice", []string{"IPAddressDeny", "DisableControllers"}, "holds for all containers"},
	} {
		for _, dir := range []string{"etc", "run", "usr/lib", "usr/local/lib"} {
			files, _ := fs.Glob(h.Files, dir+"/systemd/system/"+u.unit+".d/*.conf")
			for _, file := range files {
				for _, key := range h.keys(file, u.words) {
					found = append(found, problem("/"+file+" has "+key+"=, which "+u.what, "remove it there, and restart berthd.service"))
				}
			}
		}
	}
	return or(found, "no drop-in reaches into containers")
}

// keys returns the keys of a unit's file that begin with one of some words and are not reset.
func (h *Host) keys(file string, words []string) (found []string) {
	for line := range strings.Lines(h.text(file)) {
		key, value, is := strings.Cut(strings.TrimSpace(line), "=")
		begins := func(word string) bool { return strings.HasPrefix(key, word) }
		if is && slices.ContainsFunc(words, begins) && !slices.Contains([]string{"", "no", "false", "off"}, strings.TrimSpace(value)) {
			found = append(found, strings.TrimSpace(key))
		}
	}
	return found
}
