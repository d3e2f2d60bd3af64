package domain

import "slices"

// maxConsoles limits how many of the host's pseudoterminals one container can use.
const maxConsoles = 64

const atConsole = "domain/devices/console"

func readConsoles(d *Def, x *document) error {
	var list []console
	if x.Devices != nil {
		list = x.Devices.Consoles
	}
	if len(list) > maxConsoles {
		return invalid(atConsole, "there are %d consoles; the limit is %d", len(list), maxConsoles)
	}
	taken := map[uint]bool{}
	for i := range list {
		c, err := readConsole(&list[i], taken)
		if err != nil {
			return err
		}
		d.Consoles = append(d.Consoles, c)
	}
	// The explicit ports are all known now, so an automatic one cannot take a later console's port.
	var free uint
	for i := range list {
		if t := list[i].Target; t != nil && t.Port != nil {
			continue
		}
		for taken[free] {
			free++
		}
		d.Consoles[i].Port, taken[free] = free, true
	}
	if len(d.Consoles) == 0 {
		d.Consoles = []Console{{TargetType: "lxc"}}
	}
	return nil
}

func readConsole(x *console, taken map[uint]bool) (Console, error) {
	c := Console{TargetType: "lxc"}
	if x.Type != nil && *x.Type != "pty" {
		return c, unsupported(atConsole+"@type", "'%s' is not supported; only 'pty' is", *x.Type)
	}
	if x.Target == nil {
		return c, nil
	}
	if x.Target.Type != "" {
		c.TargetType = x.Target.Type
	}
	if !slices.Contains([]string{"lxc", "serial", "xen", "uml", "virtio", "openvz", "sclp", "sclplm"}, c.TargetType) {
		return c, invalid(atConsole+"/target@type", "'%s' is unknown; a container's is 'lxc'", c.TargetType)
	}
	if x.Target.Port == nil {
		return c, nil
	}
	c.Port = *x.Target.Port
	if taken[c.Port] {
		return c, invalid(atConsole+"/target@port", "port %d is used twice", c.Port)
	}
	taken[c.Port] = true
	return c, nil
}
