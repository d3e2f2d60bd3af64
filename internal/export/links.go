package export

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shellword"
)

// LinkCommands are the commands of ip(8) that make one interface of a container whose init has the pid $PID. The
// interface is then as Berth makes it.
func LinkCommands(i *plan.Interface) (list []string) {
	name := shellword.Quote(i.Name)
	switch i.Kind {
	case plan.Veth:
		mtu := ""
		if i.MTU != 0 {
			mtu = " mtu " + strconv.FormatUint(uint64(i.MTU), 10)
		}
		host := shellword.Quote(i.Host.Name)
		list = append(list, fmt.Sprintf("ip link add %s address %s%s type veth peer name %s netns $PID address %s%s", host, i.Host.MAC, mtu, name, i.MAC, mtu))
		if i.Host.Bridge != "" {
			list = append(list, fmt.Sprintf("ip link set %s master %s", host, shellword.Quote(i.Host.Bridge)))
		}
		if i.Host.Isolated {
			list = append(list, fmt.Sprintf("bridge link set dev %s isolated on", host))
		}
		for _, v := range i.Host.VLANs {
			list = append(list, vlanCommand(host, v))
		}
		if i.Host.Up {
			list = append(list, fmt.Sprintf("ip link set %s up", host))
		}
	case plan.Macvlan:
		mode := strings.Replace(i.Mode, "passthrough", "passthru", 1)
		list = append(list, fmt.Sprintf("ip link add link %s name %s netns $PID address %s type macvlan mode %s", shellword.Quote(i.Parent), name, i.MAC, mode))
	}
	return append(list, AddressCommands(i.Name, i.Addresses, i.Up, i.Routes)...)
}

func vlanCommand(host string, v plan.PortVLAN) string {
	c := fmt.Sprintf("bridge vlan add dev %s vid %d", host, v.ID)
	if v.PVID {
		c += " pvid"
	}
	if v.Untagged {
		c += " untagged"
	}
	return c
}

// NICCommands are those that give the container a NIC of the host.
func NICCommands(n *plan.NIC) []string {
	return append([]string{fmt.Sprintf("ip link set %s netns $PID", shellword.Quote(n.Name))}, AddressCommands(n.Name, n.Addresses, n.Up, n.Routes)...)
}

// AddressCommands give an interface in the container its addresses and routes.
func AddressCommands(link string, addresses []plan.NetAddress, up bool, routes []plan.NetRoute) (list []string) {
	in, name := "nsenter -t $PID -n ip ", shellword.Quote(link)
	for _, a := range addresses {
		peer, nodad := "", ""
		if a.Peer != "" {
			peer = " peer " + a.Peer
		}
		if strings.Contains(a.Address, ":") {
			nodad = " nodad"
		}
		list = append(list, fmt.Sprintf("%saddress add %s%s dev %s%s", in, a.Address, peer, name, nodad))
	}
	if up {
		list = append(list, fmt.Sprintf("%slink set %s up", in, name))
	}
	for _, r := range routes {
		list = append(list, fmt.Sprintf("%sroute add %s via %s dev %s metric %d", in, r.To, r.Gateway, name, r.Metric))
	}
	return list
}

// Lost says what the commands of an interface do not make: what a bridge of a named network is, limits, and ports.
func Lost(i *plan.Interface) (list []string) {
	if i.Host.Network != "" {
		list = append(list, fmt.Sprintf("the bridge of the network '%s' (berthctl net-info shows it) as the port's master", i.Host.Network))
	}
	if i.Host.Send.Average != 0 || i.Host.Receive.Average != 0 {
		list = append(list, "its limits (tc(8))")
	}
	if len(i.Ports) > 0 {
		list = append(list, "the ports that are forwarded to it (nft(8))")
	}
	return list
}
