package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/service"
)

// TakeNICs moves NICs of the host into a network namespace, and configures them. It pins the namespace at a path first:
// the kernel destroys links with their namespace, and of those that have a device, it gives the first namespace of all
// what it had no other name for. If it fails, the host has all of them.
func (l Links) TakeNICs(ctx context.Context, netns *os.File, pin string, list []plan.NIC, nics []service.NIC) (err error) {
	if err := os.WriteFile(pin, nil, 0o600); err != nil {
		return err
	}
	if err := mount.Pin(netns, pin); err != nil {
		return errors.Join(err, os.Remove(pin))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.GiveBackNICs(pin, nics))
		}
	}()
	host, err := open()
	if err != nil {
		return err
	}
	defer host.Close()
	m := maker{host: host, netns: netlink.NsFd(int(netns.Fd()))}
	if m.inside, err = openIn(netns); err != nil {
		return err
	}
	defer m.inside.Close()
	for i := range list {
		if err = ctx.Err(); err == nil {
			err = m.moveNIC(&list[i], &nics[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// GiveBackNICs moves NICs back to the host, with the names, addresses and states that they had there, and unpins the
// namespace. It finds those that are back already, also by another name: the kernel gives back what has a device. It
// returns an error for one that is gone, or whose name another link has now.
func (Links) GiveBackNICs(pin string, nics []service.NIC) error {
	var errs []error
	if len(nics) > 0 {
		errs = append(errs, fetchNICs(pin, nics))
		host, err := open()
		if err != nil {
			return err
		}
		defer host.Close()
		for i := range nics {
			if err := restoreNIC(host, &nics[i]); err != nil {
				errs = append(errs, fmt.Errorf("network interface %s: %w", nics[i].Name, err))
			}
		}
	}
	errs = append(errs, mount.Detach(pin))
	if err := os.Remove(pin); !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fetchNICs moves those NICs to the host that are in the pinned network namespace.
func fetchNICs(pin string, nics []service.NIC) error {
	netns, err := namespace.Pinned(pin)
	if err != nil {
		return nil //nolint:nilerr // nothing is pinned: they have not left the host, or the kernel has given them back
	}
	defer func() { _ = netns.Close() }()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer func() { _ = home.Close() }()
	var errs []error
	err = namespace.Apart([]namespace.Held{{Kind: namespace.Net, File: netns}}, func() error {
		inside, err := open()
		if err != nil {
			return err
		}
		defer inside.Close()
		for i := range nics {
			link, err := lookUp(inside, &nics[i])
			if err == nil && link != nil {
				err = moveTo(link.Attrs().Index, home, nics[i].Spare)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("network interface %s: %w", nics[i].Name, err))
			}
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// moveTo moves a link to another network namespace of the thread's. It has the spare name there, whatever name the
// container has given it: one message does both, so that no other link's name is in the way.
func moveTo(index int, to *os.File, spare string) error {
	req := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(index)
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(to.Fd()))))
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(spare)))
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// lookUp finds a NIC in a network namespace. It returns nil if it is not there.
func lookUp(h *netlink.Handle, n *service.NIC) (netlink.Link, error) {
	link, err := h.LinkByIndex(int(n.Index))
	if err == nil && isNIC(link, n) {
		return link, nil
	}
	if err != nil && !isGone(err) {
		return nil, err
	}
	if n.Device == "" {
		return nil, nil
	}
	list, err := h.LinkList() // with a device it is known by that, whatever its number is now
	if err != nil {
		return nil, err
	}
	for _, link := range list {
		if isNIC(link, n) {
			return link, nil
		}
	}
	return nil, nil
}

// restoreNIC gives a NIC on the host what it had there.
func restoreNIC(host *netlink.Handle, n *service.NIC) error {
	link, err := host.LinkByName(n.Spare)
	if isGone(err) || err == nil && !looksLike(link, n) {
		link, err = lookUp(host, n)
	}
	if err == nil && link == nil {
		err = errors.New("it is gone")
	}
	if err != nil {
		return err
	}
	a := link.Attrs()
	if a.Name != n.Name {
		if a.Flags&net.FlagUp != 0 { // then it cannot be renamed
			if err := host.LinkSetDown(link); err != nil {
				return err
			}
			a.Flags &^= net.FlagUp
		}
		if err := host.LinkSetName(link, n.Name); err != nil {
			return fmt.Errorf("the host has it as %s, and it cannot have its name again: %w", a.Name, err)
		}
	}
	var errs []error
	if mac, err := net.ParseMAC(n.MAC); err == nil && a.HardwareAddr.String() != n.MAC {
		errs = append(errs, host.LinkSetHardwareAddr(link, mac))
	}
	if a.MTU != n.MTU {
		errs = append(errs, host.LinkSetMTU(link, n.MTU))
	}
	if n.Up && a.Flags&net.FlagUp == 0 {
		errs = append(errs, host.LinkSetUp(link))
	}
	return errors.Join(errs...)
}
