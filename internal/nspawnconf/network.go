package nspawnconf

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// ownLink is the name of the veth inside, which systemd-networkd's own files in the container know.
const ownLink = "host0"

// network is what [Network] says. The template has a veth.
type network struct {
	veth, private bool
	bridge, zone  setting
	extra, ports  []setting
}

func (c *conversion) private(s setting) {
	on, ok := boolean(s.value)
	if !ok {
		c.bad(s, "a boolean")
		return
	}
	c.network.private = on
}

func (c *conversion) virtualEthernet(s setting) {
	on, ok := boolean(s.value)
	if !ok {
		c.bad(s, "a boolean")
		return
	}
	c.network.veth = on
}

// hostInterface takes interfaces of the host, which the container gets for itself.
func (c *conversion) hostInterface(s setting) {
	for _, word := range c.interfaces(s) {
		name, inside, _ := strings.Cut(word, ":")
		if inside != "" && inside != name {
			c.warn(s, "%.40s keeps its name in the container", name)
		}
		if c.link(s, name) {
			c.def.HostDevices = append(c.def.HostDevices, domain.HostDevice{Kind: domain.HostNet, Source: name})
		}
	}
}

func (c *conversion) macvlan(s setting) {
	prefix := "mv-"
	if s.key == "IPVLAN" {
		prefix = "iv-"
	}
	for _, word := range c.interfaces(s) {
		name, inside, named := strings.Cut(word, ":")
		if !named {
			inside = prefix + name[:min(len(name), 12)]
		}
		if !c.link(s, name) || !c.link(s, inside) {
			continue
		}
		if s.key == "IPVLAN" {
			c.warn(s, "Berth makes no ipvlan: the interface on %s becomes a macvlan, with a MAC address of its own", name)
		}
		c.def.Interfaces = append(c.def.Interfaces, domain.Interface{Type: domain.InterfaceDirect, Source: name, Mode: "bridge", Guest: inside})
	}
}

// interfaces returns the words of a line with interfaces.
func (c *conversion) interfaces(s setting) []string {
	list, err := words(s.value)
	if err != nil {
		c.bad(s, "a list of interfaces: "+err.Error())
	}
	return list
}

// link checks the name of a link, and says if it is none.
func (c *conversion) link(s setting, name string) bool {
	if err := domain.CheckLinkName("", name); err != nil || name == "" {
		c.warn(s, "'%.40s' is no name of an interface", name)
		return false
	}
	return true
}

// finishNetwork makes the interfaces in the order in which systemd-nspawn does.
func (c *conversion) finishNetwork() {
	n := c.network
	var made []domain.Interface
	ported := len(n.ports) > 0
	switch {
	case n.zone.value != "" && c.link(n.zone, "vz-"+n.zone.value):
		bridge := "vz-" + n.zone.value
		c.warn(n.zone, "Berth makes no bridge %s: have systemd-networkd make it, by a file with [NetDev] Name=%s Kind=bridge; it serves it then as before", bridge, bridge)
		made = append(made, domain.Interface{Type: domain.InterfaceBridge, Source: bridge, Target: hostEnd("vb-", c.options.Name), Guest: ownLink})
	case n.bridge.value != "" && c.link(n.bridge, n.bridge.value):
		made = append(made, domain.Interface{Type: domain.InterfaceBridge, Source: n.bridge.value, Target: hostEnd("vb-", c.options.Name), Guest: ownLink})
	case n.veth && ported:
		c.warn(n.ports[0], "the interface is in Berth's network default: a port is forwarded to an address that Berth knows. Start that network, berthctl net-start default")
		made = append(made, domain.Interface{Type: domain.InterfaceNetwork, Source: "default", Guest: ownLink})
	case n.veth:
		// The name is the one that systemd-networkd's 80-container-ve.network serves.
		made = append(made, domain.Interface{Type: domain.InterfaceEthernet, Target: hostEnd("ve-", c.options.Name), Guest: ownLink})
	}
	for i := range made {
		made[i].Link = domain.LinkUp
	}
	if ported {
		c.ports(made)
	}
	for _, s := range n.extra {
		host, inside, named := strings.Cut(s.value, ":")
		if !named {
			inside = host
		}
		if c.link(s, host) && c.link(s, inside) {
			made = append(made, domain.Interface{Type: domain.InterfaceEthernet, Target: host, Guest: inside})
		}
	}
	c.def.Interfaces = append(made, c.def.Interfaces...)
	c.def.Features.PrivNet = n.private && !c.def.HasLinks()
}

// hostEnd returns the name of the host's end of a veth. A longer name of a machine is cut, and told apart by a sum.
func hostEnd(prefix, machine string) string {
	name := prefix + strings.Map(func(r rune) rune {
		if r > '~' || r <= ' ' || strings.ContainsRune("/:*?[]!\"\\%", r) {
			return '-'
		}
		return r
	}, machine)
	if len(name) <= 15 && name == prefix+machine {
		return name
	}
	sum := sha256.Sum256([]byte(machine))
	return name[:min(len(name), 11)] + hex.EncodeToString(sum[:2])
}

// ports forwards ports to the first interface: PROTOCOL:HOST:CONTAINER.
func (c *conversion) ports(made []domain.Interface) {
	for _, s := range c.network.ports {
		list := strings.Split(s.value, ":")
		f := domain.Forward{Proto: "tcp"}
		if slices.Contains([]string{"tcp", "udp"}, list[0]) {
			f.Proto, list = list[0], list[1:]
		}
		numbers := make([]uint16, len(list))
		ok := len(list) == 1 || len(list) == 2
		for i, text := range list {
			n, err := strconv.ParseUint(text, 10, 16)
			numbers[i], ok = uint16(n), ok && err == nil && n > 0
		}
		switch {
		case !ok:
			c.bad(s, "a port, such as tcp:8080:80")
			continue
		case len(made) == 0:
			c.warn(s, "no port is forwarded: the container has no interface for it")
			continue
		case made[0].Type != domain.InterfaceNetwork:
			c.warn(s, "no port is forwarded, since Berth does not know the address: give the interface an <ip>, and then <berth:port>, or connect it to a network of Berth's")
			continue
		}
		f.Host, f.Guest = numbers[0], numbers[len(numbers)-1]
		made[0].Forwards = append(made[0].Forwards, f)
	}
}
