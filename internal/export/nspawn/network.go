package nspawn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shellword"
)

// hostLink is what systemd-nspawn calls the container's end of the one veth that it can put on a bridge.
const hostLink = "host0"

// links converts whose network it is, and the interfaces.
func (c *conversion) links() {
	n := &c.network
	for _, j := range c.Plan.Join {
		c.join(j)
	}
	if c.joined { // nothing else about a network may be said
		return
	}
	private := "no"
	if c.Plan.Namespaces.Net {
		private = "yes"
		c.warn("domain/features/privnet", "all of /proc/sys/net is writable, not ipv4 and ipv6 only")
	}
	n.set("Private", private)
	bridged := false
	for i := range c.Net.Interfaces {
		one := &c.Net.Interfaces[i]
		first := !bridged && one.Name == hostLink && one.Host.Bridge != ""
		bridged = bridged || first
		c.link(one, first)
	}
	if !bridged {
		n.lines = append([]string{n.lines[0], "VirtualEthernet=no"}, n.lines[1:]...)
	}
	for i := range c.Net.NICs {
		nic := &c.Net.NICs[i]
		n.set("Interface", nic.Name)
		if later := export.AddressCommands(nic.Name, nic.Addresses, nic.Up, nic.Routes); len(later) > 0 {
			c.warnings.Instead(nic.Element, "the interface comes without its addresses and is down, PID being init's", later...)
		}
	}
}

// link converts one interface. The first on a bridge is systemd-nspawn's own kind, if its name is.
func (c *conversion) link(i *plan.Interface, own bool) {
	n := &c.network
	commands := export.AddressCommands(i.Name, i.Addresses, i.Up, i.Routes)
	lost := export.Lost(i)
	switch {
	case own:
		n.set("Bridge", i.Host.Bridge)
		lost = append(lost, "its MAC addresses, which systemd-nspawn chooses")
		for _, p := range i.Ports {
			n.set("Port", fmt.Sprintf("%s:%d:%d", p.Proto, p.Host, p.Guest))
		}
	case i.Kind == plan.Veth:
		n.set("VirtualEthernetExtra", i.Host.Name+":"+i.Name)
		if i.Host.Bridge != "" {
			commands = append([]string{fmt.Sprintf("ip link set %s master %s up", shellword.Quote(i.Host.Name), shellword.Quote(i.Host.Bridge))}, commands...)
		}
		lost = append(lost, "its MAC addresses, which systemd-nspawn chooses")
	case slices.Contains(n.lines, "MACVLAN="+i.Parent):
		c.warn(i.Element, "systemd-nspawn makes one macvlan on %s, and this is another", i.Parent)
		return
	default:
		n.set("MACVLAN", i.Parent)
		name := "mv-" + i.Parent
		name = name[:min(len(name), 15)] // the kernel's limit
		commands = export.AddressCommands(name, i.Addresses, i.Up, i.Routes)
		lost = append(lost, "its name, which is "+name, "its MAC address", "its mode, which is bridge")
	}
	if i.MTU != 0 {
		lost = append(lost, "its MTU of "+strconv.FormatUint(uint64(i.MTU), 10))
	}
	if i.Host.Isolated || len(i.Host.VLANs) > 0 {
		lost = append(lost, "what the port of the bridge is: isolated, or in VLANs (bridge(8))")
	}
	c.warnings.Instead(i.Element, "systemd-nspawn makes the interface without "+strings.Join(lost, ", without "), commands...)
}

// join converts a namespace that is shared with another.
func (c *conversion) join(j plan.Join) {
	element := "domain/lxc:namespace/lxc:share" + j.Kind
	c.joined = c.joined || j.Kind == "net"
	switch {
	case j.Kind != "net":
		c.warn(element, "the namespace is a new one: systemd-nspawn shares the network only")
	case j.NetNS != "":
		c.arguments = append(c.arguments, "--network-namespace-path=/run/netns/"+j.NetNS)
	case j.PID != 0:
		c.arguments = append(c.arguments, "--network-namespace-path=/proc/"+strconv.FormatUint(uint64(j.PID), 10)+"/ns/net")
	default:
		c.arguments = append(c.arguments, "--network-namespace-path=/run/netns/"+j.Container)
		c.warnings.Instead(element, "systemd-nspawn names no container: have its network at /run/netns/"+j.Container+" before each start, PID being that of its init",
			"ip netns attach "+shellword.Quote(j.Container)+" $PID")
	}
}
