package network

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// The handles of the qdiscs and of the class that limit a link (TC_H_MAKE). HTB is what libvirt uses, too.
const (
	shapeRoot  = 1 << 16
	shapeClass = 1<<16 | 1
	shapeLeaf  = 2 << 16
	shapeIn    = 0xffff << 16
)

// shape limits what the host's end of a veth sends and receives. Both before it is up: to give a link that is up a
// queue, the kernel waits for RCU.
//
// What it receives has no queue. Libvirt throws away what is too much (police), which a TCP connection answers with
// less than the limit allows. Here it goes through a link of its own, which queues it.
func (m *maker) shape(i *plan.Interface, end netlink.Link) error {
	if i.Host.Send.Average > 0 {
		if err := limit(m.host, end.Attrs().Index, i.Host.Send); err != nil {
			return explain(i.Element+"/bandwidth/inbound", err, noQueue(err))
		}
	}
	if i.Host.Receive.Average == 0 {
		return nil
	}
	if err := m.divert(i, end); err != nil {
		return explain(i.Element+"/bandwidth/outbound", err, noQueue(err))
	}
	return nil
}

// divert makes the link that limits what the host's end receives.
func (m *maker) divert(i *plan.Interface, end netlink.Link) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = i.Host.Shaper.Name, end.Attrs().MTU
	var err error
	if attrs.HardwareAddr, err = net.ParseMAC(i.Host.Shaper.MAC); err != nil {
		return err
	}
	shaper := &netlink.Ifb{LinkAttrs: attrs}
	if err := m.host.LinkAdd(shaper); err != nil {
		return fmt.Errorf("link %s: %w", attrs.Name, err)
	}
	m.made = append(m.made, int32(shaper.Index))
	if err := m.host.LinkSetAlias(shaper, i.Host.Alias); err != nil {
		return err
	}
	if err := limit(m.host, shaper.Index, i.Host.Receive); err != nil {
		return err
	}
	if err := m.host.LinkSetUp(shaper); err != nil {
		return err
	}
	ingress := ingressOf(end.Attrs().Index)
	if err := m.host.QdiscAdd(ingress); err != nil {
		return err
	}
	return m.host.FilterAdd(&netlink.U32{ // it matches all packets
		FilterAttrs: netlink.FilterAttrs{LinkIndex: end.Attrs().Index, Parent: ingress.Handle, Priority: 1, Protocol: unix.ETH_P_ALL},
		Actions:     []netlink.Action{netlink.NewMirredAction(shaper.Index)},
	})
}

// ingressOf returns what a filter of what a link receives belongs to.
func ingressOf(link int) *netlink.Ingress {
	return &netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link, Handle: shapeIn, Parent: netlink.HANDLE_INGRESS}}
}

// limit limits what a link sends, or changes its limit.
func limit(host *netlink.Handle, link int, r plan.Rate) error {
	root := netlink.NewHtb(netlink.QdiscAttrs{LinkIndex: link, Handle: shapeRoot, Parent: netlink.HANDLE_ROOT})
	root.Defcls = 1
	if err := host.QdiscAdd(root); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := host.ClassReplace(classOf(link, r)); err != nil {
		return err
	}
	// Without it one connection that fills the queue would hold up all others. A kernel without it has one long queue.
	leaf := netlink.NewFqCodel(netlink.QdiscAttrs{LinkIndex: link, Handle: shapeLeaf, Parent: shapeClass})
	if err := host.QdiscAdd(leaf); err != nil && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// unlimited takes a link's limit away. It is no error if it has none.
func unlimited(host *netlink.Handle, link int) error {
	err := host.QdiscDel(netlink.NewHtb(netlink.QdiscAttrs{LinkIndex: link, Handle: shapeRoot, Parent: netlink.HANDLE_ROOT}))
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// classOf returns the class that limits a link. The kernel sends while there are tokens of both buckets, and fills one
// at the average rate and one at the peak's. Without a burst they hold 10 ms: a timer of the kernel can be late.
func classOf(link int, r plan.Rate) *netlink.HtbClass {
	const packet = 1600 // bytes
	burst := max(r.Burst, r.Average/100+packet)
	class := &netlink.HtbClass{
		ClassAttrs: netlink.ClassAttrs{LinkIndex: link, Handle: shapeClass, Parent: shapeRoot},
		Rate:       r.Average, Ceil: r.Average, Buffer: netlink.Xmittime(r.Average, uint32(burst)), Quantum: 1 << 16,
	}
	class.Cbuffer = class.Buffer
	if r.Peak > 0 {
		class.Ceil, class.Cbuffer = r.Peak, netlink.Xmittime(r.Peak, uint32(r.Peak/100+packet))
	}
	return class
}

// noQueue says why a limit could not be set.
func noQueue(err error) string {
	switch {
	case errors.Is(err, unix.ENOENT):
		return "the host's kernel lacks what limits a link; load it with: modprobe -a sch_htb sch_ingress cls_u32 act_mirred"
	case errors.Is(err, unix.EOPNOTSUPP):
		return "the host's kernel has no ifb; load it with: modprobe ifb numifbs=0"
	}
	return ""
}
