package lxcconf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// networks is what the keys say of interfaces.
type networks struct{ list []*nic }

// nic is one interface. LXC orders them by number.
type nic struct {
	number    int
	first     syntax.Entry // for errors about the whole
	keys      map[string]syntax.Entry
	addresses []syntax.Entry
	lost      []syntax.Entry
}

// is returns the value of a key, without blanks.
func (n *nic) is(key string) string { return n.keys[key].Value }

// clear forgets all interfaces, as LXC does for an empty value.
func (n *networks) clear(e syntax.Entry) {
	if e.Value == "" {
		n.list = nil
	}
}

// numbered takes a key of the form lxc.net.N.KEY.
func (n *networks) numbered(c *conversion, e syntax.Entry, rest string) {
	digits, key, _ := strings.Cut(rest, ".")
	number, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		c.fail(e, "'%.40s' is not the number of an interface", digits)
		return
	}
	same := func(o *nic) bool { return o.number == int(number) }
	if key == "" {
		if e.Value != "" {
			c.fail(e, "a value needs a key of the interface, such as lxc.net.%d.type", number)
			return
		}
		n.list = slices.DeleteFunc(n.list, same)
		return
	}
	i := slices.IndexFunc(n.list, same)
	if i < 0 {
		n.list = append(n.list, &nic{number: int(number), first: e, keys: map[string]syntax.Entry{}})
		i = len(n.list) - 1
	}
	n.list[i].set(key, e)
}

// old takes a key of the form lxc.network.KEY. The key type begins an interface.
func (n *networks) old(c *conversion, e syntax.Entry, key string) {
	switch {
	case key == "type":
		n.list = append(n.list, &nic{number: len(n.list), first: e, keys: map[string]syntax.Entry{}})
	case len(n.list) == 0:
		c.fail(e, "it comes before lxc.network.type, which begins an interface")
		return
	}
	n.list[len(n.list)-1].set(key, e)
}

func (n *nic) set(key string, e syntax.Entry) {
	switch key {
	case "ipv4", "ipv4.address", "ipv6", "ipv6.address":
		family := key[:len("ipv4")]
		if e.Value == "" {
			n.addresses = slices.DeleteFunc(n.addresses, func(o syntax.Entry) bool { return strings.Contains(o.Key, family) })
			return
		}
		n.addresses = append(n.addresses, e)
	case "type", "link", "hwaddr", "flags", "name", "mtu", "macvlan.mode", "vlan.id", "veth.pair", "veth.mode", "veth.vlan.id", "ipv4.gateway", "ipv6.gateway":
		n.keys[key] = e
	case "veth.vlan.tagged.id":
		if before := n.keys[key].Value; before != "" {
			e.Value = before + " " + e.Value
		}
		n.keys[key] = e
	default:
		n.lost = append(n.lost, e)
	}
}

// finishNetworks makes the interfaces. LXC gives a container a network of its own, even without one. Only the type
// none by itself leaves it on the host's.
func (c *conversion) finishNetworks() {
	slices.SortStableFunc(c.networks.list, func(a, b *nic) int { return cmp.Compare(a.number, b.number) })
	none := 0
	for _, n := range c.networks.list {
		switch kind := n.is("type"); {
		case kind == "none":
			none++
			n.unused(c, "type")
		case kind == "empty":
			n.unused(c, "type")
		case kind == "" && n.keys["type"].Key == "":
			c.fail(n.first, "the interface has no type")
		case kind == "":
			n.unused(c, "type")
		default:
			c.nic(n, kind)
		}
		for _, e := range n.lost {
			c.lostNetworkKey(e)
		}
	}
	shared := none > 0 && none == len(c.networks.list)
	c.def.Features.PrivNet = !shared && !c.def.HasLinks() && c.def.Share.Net.Kind == ""
	if none > 0 && !shared {
		for _, n := range c.networks.list {
			if n.is("type") == "none" {
				c.warn(n.keys["type"], "the container has another interface, and so a network of its own")
			}
		}
	}
}

func (c *conversion) lostNetworkKey(e syntax.Entry) {
	switch {
	case strings.Contains(e.Key, ".script."):
		c.warn(e, "no script is run; units of systemd act on the links of the host")
	case strings.Contains(e.Key, "veth.ipv4.") || strings.Contains(e.Key, "veth.ipv6."):
		c.warn(e, "the host's end of the interface gets no route and no address")
	default:
		c.warn(e, "it has no counterpart, and is lost")
	}
}

// unused warns of the keys of an interface that its type makes nothing of.
func (n *nic) unused(c *conversion, used ...string) {
	var list []syntax.Entry
	for key, e := range n.keys {
		if !slices.Contains(used, key) && e.Value != "" {
			list = append(list, e)
		}
	}
	if !slices.Contains(used, "address") {
		list = append(list, n.addresses...)
	}
	slices.SortFunc(list, func(a, b syntax.Entry) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.File, b.File), strings.Compare(a.Key, b.Key))
	})
	for _, e := range list {
		c.warn(e, "an interface of the type '%.40s' has no use for it", n.is("type"))
	}
}
