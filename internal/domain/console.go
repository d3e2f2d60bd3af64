package domain

import "slices"

// maxConsoles limits how many of the host's pseudoterminals one container can use.
const maxConsoles = 64

const atConsole = "domain/devices/console"

// readConsoles reads the consoles. It numbers them in their order and ignores the port, as libvirt does: the
// number chooses the terminal inside.
func readConsoles(d *Def, x *document, f *faults) {
	var list []console
	if x.Devices != nil {
		list = x.Devices.Consoles
	}
	if len(list) > maxConsoles {
		f.invalid(nth(atConsole, maxConsoles), "there are %d consoles; the limit is %d", len(list), maxConsoles)
		return
	}
	for i := range list {
		c := readConsole(nth(atConsole, i), &list[i], f)
		c.Port = uint(i)
		d.Consoles = append(d.Consoles, c)
	}
	if len(d.Consoles) == 0 {
		d.Consoles = []Console{{TargetType: "lxc"}}
	}
}

func readConsole(at string, x *console, f *faults) Console {
	c := Console{TargetType: "lxc"}
	if x.Type != nil && *x.Type != "pty" {
		f.unsupported(at+"@type", "'%s' is not supported; only 'pty' is", *x.Type)
	}
	if x.Target != nil && x.Target.Type != "" {
		c.TargetType = x.Target.Type
	}
	if !slices.Contains([]string{"lxc", "serial", "xen", "uml", "virtio", "openvz", "sclp", "sclplm"}, c.TargetType) {
		f.invalid(at+"/target@type", "'%s' is unknown; a container's is 'lxc'", c.TargetType)
	}
	return c
}
