package network

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// IsHosts reports whether a network namespace is the host's.
func (Links) IsHosts(netns *os.File) (bool, error) {
	own, err := os.Stat("/proc/thread-self/ns/net")
	if err != nil {
		return false, err
	}
	theirs, err := netns.Stat()
	return err == nil && os.SameFile(own, theirs), err
}

// RemoveInside removes an interface that has no end on the host from a container's network namespace, where the
// container also has others. A missing one is no error. The container may have given it another name and address.
func (Links) RemoveInside(netns *os.File, i plan.Interface, others []plan.Interface) error {
	return within(netns, func(m *maker) error {
		list, err := m.macvlans(&i)
		if err != nil {
			return err
		}
		link := known(list, &i)
		if link == nil {
			list = slices.DeleteFunc(list, func(l netlink.Link) bool {
				return slices.ContainsFunc(others, func(o plan.Interface) bool { return known([]netlink.Link{l}, &o) != nil })
			})
			if len(list) > 1 {
				return refused(i.Element, "the container has given it another name and MAC address, and has several on '%s'", i.Parent)
			}
			if len(list) == 1 {
				link = list[0]
			}
		}
		if link == nil {
			return nil
		}
		if err = m.inside.LinkDel(link); isGone(err) {
			return nil
		}
		return err
	})
}

// Update gives an interface that a container has the MAC address, bridge, isolation, VLANs, limits and link state of
// another plan. It returns a *domain.Error, which names the element, if the host cannot give them. If it fails, the
// interface is as it was.
func (Links) Update(_ context.Context, netns *os.File, was, i plan.Interface) error {
	return within(netns, func(m *maker) error {
		err := m.become(&was, &i)
		if err != nil {
			if back := m.become(&i, &was); back != nil {
				err = errors.Join(err, back)
			}
		}
		return err
	})
}

// within calls f with sockets in the host's and in a container's network namespace.
func within(netns *os.File, f func(m *maker) error) error {
	host, err := open()
	if err != nil {
		return err
	}
	defer host.Close()
	inside, err := openIn(netns)
	if err != nil {
		return err
	}
	defer inside.Close()
	return f(&maker{host: host, inside: inside, netns: netlink.NsFd(int(netns.Fd())), seen: map[string]netlink.Link{}})
}

// become makes one plan of an interface true where another one is.
func (m *maker) become(was, i *plan.Interface) error {
	if i.Kind == plan.Macvlan {
		return m.becomeMacvlan(was, i)
	}
	end, err := m.host.LinkByName(i.Host.Name)
	if err == nil && end.Attrs().Alias != i.Host.Alias {
		err = unix.ENODEV
	}
	if err != nil {
		return explain(i.Element, err, "its end on the host, "+i.Host.Name+", is gone")
	}
	for _, part := range []struct {
		element string
		same    bool
		do      func() error
	}{
		{"/mac", was.MAC == i.MAC, func() error { return m.address(end, i) }},
		{"/source", was.Host.Bridge == i.Host.Bridge, func() error { return m.plug(end, i) }},
		{"/vlan", slices.Equal(was.Host.VLANs, i.Host.VLANs) && was.Host.Bridge == i.Host.Bridge, func() error { return m.retag(end, was, i) }},
		{"/port", was.Host.Isolated == i.Host.Isolated && was.Host.Bridge == i.Host.Bridge, func() error { return m.host.LinkSetIsolated(end, i.Host.Isolated) }},
		{"/bandwidth/inbound", was.Host.Send == i.Host.Send, func() error { return relimit(m.host, end.Attrs().Index, i.Host.Send) }},
		{"/bandwidth/outbound", was.Host.Receive == i.Host.Receive, func() error { return m.redivert(end, was, i) }},
		{"/link", was.Host.Up == i.Host.Up, func() error { return setUp(m.host, end, i.Host.Up) }},
	} {
		if part.same {
			continue
		}
		if err := part.do(); err != nil {
			return explain(i.Element+part.element, err, noQueue(err))
		}
	}
	return nil
}

// address gives both ends of a veth their addresses. The container's end has the number that the host's tells, whatever
// the container calls it.
func (m *maker) address(end netlink.Link, i *plan.Interface) error {
	inside, err := m.inside.LinkByIndex(end.Attrs().ParentIndex)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		handle *netlink.Handle
		link   netlink.Link
		text   string
	}{{m.inside, inside, i.MAC}, {m.host, end, i.Host.MAC}} {
		mac, err := net.ParseMAC(x.text)
		if err != nil {
			return err
		}
		if err := x.handle.LinkSetHardwareAddr(x.link, mac); err != nil {
			return err
		}
	}
	return nil
}

// plug makes the host's end a port of another bridge.
func (m *maker) plug(end netlink.Link, i *plan.Interface) error {
	bridge, err := m.bridge(i)
	if err != nil || bridge == nil {
		return err
	}
	if err := m.host.LinkSetMasterByIndex(end, bridge.Attrs().Index); err != nil {
		return explain(i.Element+"/source", err, port(err, i.Host.Bridge))
	}
	return nil
}

// retag puts a port into other VLANs. One of another bridge has that bridge's default only.
func (m *maker) retag(end netlink.Link, was, i *plan.Interface) error {
	bridge, err := m.bridge(i)
	if err != nil || bridge == nil {
		return err
	}
	if was.Host.Bridge == i.Host.Bridge {
		for _, v := range was.Host.VLANs {
			if err := m.host.BridgeVlanDel(end, v.ID, false, false, false, false); err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
		}
		if preset := presetVLAN(bridge); len(i.Host.VLANs) == 0 && preset != 0 {
			return m.host.BridgeVlanAdd(end, preset, true, true, false, false)
		}
	}
	return m.tag(i, bridge, end)
}

// relimit limits what a link sends, or no longer.
func relimit(host *netlink.Handle, link int, r plan.Rate) error {
	if r.Average == 0 {
		return unlimited(host, link)
	}
	return limit(host, link, r)
}

// redivert limits what the host's end receives anew, for the first time, or no longer.
func (m *maker) redivert(end netlink.Link, was, i *plan.Interface) error {
	name := i.Host.Shaper.Name
	if name == "" {
		name = was.Host.Shaper.Name
	}
	shaper, err := m.host.LinkByName(name)
	switch there := err == nil && shaper.Type() == "ifb" && shaper.Attrs().Alias == i.Host.Alias; {
	case err != nil && !isGone(err):
		return err
	case there && i.Host.Receive.Average > 0:
		return limit(m.host, shaper.Attrs().Index, i.Host.Receive)
	case i.Host.Receive.Average > 0:
		err := m.divert(i, end)
		if err != nil {
			err = errors.Join(err, m.undo(), m.straighten(end))
		}
		return err
	case there:
		return errors.Join(m.straighten(end), m.host.LinkDel(shaper))
	}
	return nil
}

// straighten takes away what a link does with all that it receives.
func (m *maker) straighten(end netlink.Link) error {
	err := m.host.QdiscDel(ingressOf(end.Attrs().Index))
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

func setUp(h *netlink.Handle, link netlink.Link, up bool) error {
	if up {
		return h.LinkSetUp(link)
	}
	return h.LinkSetDown(link)
}

// becomeMacvlan changes a macvlan, which is in the container only.
func (m *maker) becomeMacvlan(was, i *plan.Interface) error {
	list, err := m.macvlans(i)
	if err != nil {
		return err
	}
	link := cmp.Or(known(list, was), known(list, i))
	if link == nil {
		return refused(i.Element, "the container has removed or renamed it")
	}
	if mac, err := net.ParseMAC(i.MAC); err == nil && was.MAC != i.MAC {
		if err := m.inside.LinkSetHardwareAddr(link, mac); err != nil {
			return explain(i.Element+"/mac", err, notUp(err, i))
		}
	}
	if was.Up == i.Up {
		return nil
	}
	if err := setUp(m.inside, link, i.Up); err != nil {
		return explain(i.Element+"/link", err, notUp(err, i))
	}
	return nil
}

// macvlans returns those macvlans in the container that are on the parent of an interface, which is the host's. So they
// are the host's work.
func (m *maker) macvlans(i *plan.Interface) ([]netlink.Link, error) {
	parent, err := m.find(i.Parent)
	if isGone(err) { // and they with it
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := m.inside.LinkList()
	return slices.DeleteFunc(list, func(l netlink.Link) bool {
		a := l.Attrs()
		return l.Type() != string(plan.Macvlan) || a.NetNsID < 0 || a.ParentIndex != parent.Attrs().Index
	}), err
}

// known returns the link that has the MAC address or else the name of an interface, nil if none has.
func known(list []netlink.Link, i *plan.Interface) netlink.Link {
	for _, is := range []func(a *netlink.LinkAttrs) bool{
		func(a *netlink.LinkAttrs) bool { return a.HardwareAddr.String() == i.MAC },
		func(a *netlink.LinkAttrs) bool { return a.Name == i.Name },
	} {
		if n := slices.IndexFunc(list, func(l netlink.Link) bool { return is(l.Attrs()) }); n >= 0 {
			return list[n]
		}
	}
	return nil
}
