package domain

import (
	"slices"

	"libvirt.org/go/libvirtxml"
)

// maxConsoles bounds what one container can take of the host's terminals.
const maxConsoles = 64

func readConsoles(d *Def, x *document) error {
	const at = "domain/devices/console"
	if x.Devices != nil {
		if len(x.Devices.Consoles) > maxConsoles {
			return invalid(at, "there are %d consoles, and at most %d are possible", len(x.Devices.Consoles), maxConsoles)
		}
		for i := range x.Devices.Consoles {
			if err := readConsole(d, &x.Devices.Consoles[i]); err != nil {
				return err
			}
		}
	}
	if len(d.Consoles) == 0 {
		d.Consoles = []Console{{TargetType: "lxc"}}
	}
	return nil
}

func readConsole(d *Def, x *libvirtxml.DomainConsole) error {
	const at = "domain/devices/console"
	if x.Source != nil && x.Source.Pty == nil && *x.Source != (libvirtxml.DomainChardevSource{}) {
		return unsupported(at+"@type", "only consoles of type 'pty' are served")
	}
	c := Console{TargetType: "lxc"}
	taken := func(port uint) bool {
		return slices.ContainsFunc(d.Consoles, func(o Console) bool { return o.Port == port })
	}
	for taken(c.Port) {
		c.Port++
	}
	if x.Target != nil {
		if x.Target.Type != "" {
			c.TargetType = x.Target.Type
		}
		if x.Target.Port != nil {
			c.Port = *x.Target.Port
		}
	}
	if !slices.Contains([]string{"lxc", "serial", "xen", "uml", "virtio", "openvz", "sclp", "sclplm"}, c.TargetType) {
		return invalid(at+"/target@type", "'%s' is unknown; a container's is 'lxc'", c.TargetType)
	}
	if taken(c.Port) {
		return invalid(at+"/target@port", "port %d is there twice", c.Port)
	}
	d.Consoles = append(d.Consoles, c)
	return nil
}
