package network

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// lastLimit is how long the kernel may take to remove the macvlan of a container that has ended. It needs some
// milliseconds.
const lastLimit = 3 * time.Second

// modes are the kernel's numbers for libvirt's words.
var modes = map[string]netlink.MacvlanMode{ //nolint:gochecknoglobals // a constant in all but name
	"vepa": netlink.MACVLAN_MODE_VEPA, "bridge": netlink.MACVLAN_MODE_BRIDGE, "private": netlink.MACVLAN_MODE_PRIVATE, "passthrough": netlink.MACVLAN_MODE_PASSTHRU,
}

// macvlan makes a link in the namespace, on one of the host, and configures it.
func (m *maker) macvlan(ctx context.Context, i *plan.Interface) error {
	at := i.Element + "/source"
	parent, err := m.find(i.Parent)
	switch {
	case err != nil:
		return explain(at, err, "the host has no link '"+i.Parent+"'")
	case parent.Attrs().MasterIndex != 0:
		return refused(at, "the host's link '%s' is a port of a bridge or a bond, and so takes no macvlan", i.Parent)
	case parent.Attrs().Flags&net.FlagLoopback != 0:
		return refused(at, "the host's link '%s' is no Ethernet", i.Parent)
	case int(i.MTU) > parent.Attrs().MTU:
		return refused(i.Element+"/mtu@size", "the host's link '%s' has %d bytes only", i.Parent, parent.Attrs().MTU)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.ParentIndex, attrs.Namespace = i.Name, int(i.MTU), parent.Attrs().Index, m.netns
	if attrs.HardwareAddr, err = net.ParseMAC(i.MAC); err != nil {
		return err
	}
	err = afterLast(ctx, parent.Attrs().Index, func() error {
		return m.host.LinkAdd(&netlink.Macvlan{LinkAttrs: attrs, Mode: modes[i.Mode]})
	})
	if err != nil {
		return explain(at, err, parentOf(err, i))
	}
	m.inner = append(m.inner, i.Name)
	return m.configure(i, func(bring func() error) error { return afterLast(ctx, parent.Attrs().Index, bring) })
}

// afterLast calls f, and again whenever the parent has changed if the parent is in use. The kernel removes a macvlan
// with the network namespace of its container, some time after the last process has ended: a container that begins
// again would otherwise meet its own.
func afterLast(ctx context.Context, parent int, f func() error) error {
	err := f()
	if !isBusy(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lastLimit)
	defer cancel()
	changed := make(chan netlink.LinkUpdate)
	done := make(chan struct{})
	defer func() {
		close(done)
		for range changed { // the library closes it then
		}
	}()
	if serr := netlink.LinkSubscribe(changed, done); serr != nil {
		return err
	}
	for err = f(); isBusy(err); {
		select {
		case u, open := <-changed:
			if !open {
				return err
			}
			if int(u.Index) == parent {
				err = f()
			}
		case <-ctx.Done():
			return err
		}
	}
	return err
}

// isBusy reports whether a parent has a macvlan that bears no other beside it, or one with the same MAC address.
func isBusy(err error) bool {
	return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EADDRINUSE) || errors.Is(err, unix.EINVAL)
}
