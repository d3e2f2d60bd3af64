package foreign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const (
	libvirtDomains  = "/etc/libvirt/lxc"
	libvirtNetworks = "/etc/libvirt/qemu/networks"
	libvirtRun      = "/run/libvirt/lxc"
	libvirtConf     = "/etc/libvirt/lxc.conf"
)

// Libvirt finds the containers and networks of libvirt, and what lxc.conf says of all containers. It returns an error
// if there is no directory of definitions, or if it cannot be read.
func Libvirt(t *Tree) (*Found, error) {
	if _, err := t.Kind(libvirtDomains); err != nil {
		return nil, notThere(err, libvirtDomains, "libvirt has no containers here")
	}
	names, err := t.with(libvirtDomains, ".xml")
	if err != nil {
		return nil, err
	}
	f := &Found{}
	for _, name := range names {
		c := Container{Name: name, File: libvirtDomains + "/" + name + ".xml"}
		c.Text, c.Doubts, c.Fault = t.readDoubted(c.File)
		c.Autostart = t.there(libvirtDomains + "/autostart/" + name + ".xml")
		if once := libvirtDomains + "/autostart/" + name + ".xml.once"; t.there(once) {
			c.Notes = append(c.Notes, Note{once, 0, "the container would be started once, with the next boot; that is not taken over"})
		}
		c.Running = t.runs(libvirtRun + "/" + name + ".pid")
		f.Containers = append(f.Containers, c)
	}
	running, _ := t.with(libvirtRun, ".xml") // libvirtd's own
	for _, name := range running {
		if file := libvirtRun + "/" + name + ".xml"; !t.there(libvirtDomains+"/"+name+".xml") && t.runs(libvirtRun+"/"+name+".pid") {
			f.Notes = append(f.Notes, Note{file, 0, fmt.Sprintf("the container '%s' is transient: it has no stored definition, and is not taken over", name)})
		}
	}
	f.Notes = append(f.Notes, t.libvirtSettings()...)
	for _, hook := range []string{"/etc/libvirt/hooks/lxc", "/etc/libvirt/hooks/lxc.d"} {
		if t.there(hook) {
			f.Notes = append(f.Notes, Note{hook, 0, "Berth runs no hooks; berthctl event and units of systemd act on the states of a container"})
		}
	}
	f.Networks, err = t.libvirtNetworks()
	return f, err
}

func (t *Tree) libvirtNetworks() (list []Network, err error) {
	names, err := t.with(libvirtNetworks, ".xml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		n := Network{Name: name, File: libvirtNetworks + "/" + name + ".xml"}
		n.Text, n.Doubts, n.Fault = t.readDoubted(n.File)
		n.Autostart = t.there(libvirtNetworks + "/autostart/" + name + ".xml")
		list = append(list, n)
	}
	return list, nil
}

// runs reports whether the process of a pid file lives.
func (t *Tree) runs(file string) bool {
	if !t.own {
		return false
	}
	text, err := t.Read(file)
	if err != nil {
		return false
	}
	pid := strings.TrimSpace(text)
	_, err = os.Stat("/proc/" + pid)
	return err == nil && pid != "" && strings.Trim(pid, "0123456789") == ""
}

// libvirtSettings says what Berth has for each setting of lxc.conf that is not the default.
func (t *Tree) libvirtSettings() (notes []Note) {
	text, err := t.Read(libvirtConf)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			notes = append(notes, Note{libvirtConf, 0, fmt.Sprintf("it is not read: %v", err)})
		}
		return notes
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		value, _, _ = strings.Cut(value, "#")
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"'`)
		if value != "0" { // the default of all that are numbers
			notes = append(notes, Note{libvirtConf, n, key + ": " + settingOfBerth(key, value)})
		}
	}
	return notes
}

// settingOfBerth returns what to do about a setting of lxc.conf.
func settingOfBerth(key, value string) string {
	write := func(section, line string) string {
		return fmt.Sprintf("write [%s] %s to /etc/berth/berth.conf.d/libvirt.conf, see berth.conf(5)", section, line)
	}
	switch key {
	case "security_default_confined":
		return write("Container", "DefaultConfined=yes")
	case "security_require_confined":
		return write("Container", "RequireConfined=yes")
	case "security_driver":
		if value == "apparmor" {
			return "Berth labels containers by SELinux only, and sets no AppArmor profile"
		}
		return write("Daemon", "SecurityDriver="+value)
	case "log_with_libvirtd":
		return "there is nothing to set: the journal has all that berthd says of a container, and berthctl console-log its output"
	}
	return "Berth has no such setting, and it is lost"
}

// notThere says why a manager has nothing, if its directory is missing.
func notThere(err error, dir, text string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no %s", text, dir)
	}
	return err
}
