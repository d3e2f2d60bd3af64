package hostnet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/service"
)

// HasLink reports whether the host has an interface of this name.
func (h *Host) HasLink(name string) (bool, error) {
	l, err := find(name)
	return l != nil, err
}

// find returns an interface, or nil if there is none.
func find(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil, nil //nolint:nilnil // no such interface
	}
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", name, err)
	}
	return l, nil
}

// ours reports whether an interface is the bridge of a plan. One that an earlier daemon had just made has our MAC
// address, which the kernel knows from the beginning, but no alias yet.
func ours(l netlink.Link, p *netxml.Plan) bool {
	a := l.Attrs()
	return l.Type() == "bridge" && (a.Alias == p.Alias || a.Alias == "" && a.HardwareAddr.String() == p.MAC)
}

// MakeBridge makes the bridge, with its addresses, and sets it up. It finishes one that an earlier daemon began. It
// returns service.ErrLinkTaken if an interface of others has the name.
func (h *Host) MakeBridge(p *netxml.Plan) error {
	l, err := find(p.Bridge)
	switch {
	case err != nil:
		return err
	case l != nil && !ours(l, p):
		return fmt.Errorf("%w: %s, of the kind %s", service.ErrLinkTaken, p.Bridge, l.Type())
	case l == nil:
		if l, err = makeBridge(p); err != nil {
			return err
		}
	}
	if err := netlink.LinkSetAlias(l, p.Alias); err != nil {
		return fmt.Errorf("name bridge %s: %w", p.Bridge, err)
	}
	if err := h.configure(p); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("set bridge %s up: %w", p.Bridge, err)
	}
	for _, a := range p.Addresses {
		address := &netlink.Addr{IPNet: &net.IPNet{IP: a.Addr().AsSlice(), Mask: net.CIDRMask(a.Bits(), a.Addr().BitLen())}}
		if a.Addr().Is6() {
			address.Flags = unix.IFA_F_NODAD // nobody else can have it, and it is usable at once
		}
		if err := netlink.AddrReplace(l, address); err != nil {
			return fmt.Errorf("give bridge %s the address %s: %w", p.Bridge, a, err)
		}
	}
	return nil
}

func makeBridge(p *netxml.Plan) (netlink.Link, error) {
	mac, err := net.ParseMAC(p.MAC)
	if err != nil {
		return nil, err
	}
	a := netlink.NewLinkAttrs()
	a.Name, a.HardwareAddr, a.MTU = p.Bridge, mac, p.MTU
	b := &netlink.Bridge{LinkAttrs: a}
	if err := netlink.LinkAdd(b); err != nil {
		if errors.Is(err, unix.EEXIST) {
			return nil, fmt.Errorf("%w: %s", service.ErrLinkTaken, p.Bridge)
		}
		return nil, fmt.Errorf("make bridge %s: %w", p.Bridge, err)
	}
	return netlink.LinkByName(p.Bridge)
}

// configure sets what the kernel has files for. IPv6 is off in a network without it: the host would have an address
// that nobody knows of. No address waits for others that may have it.
func (h *Host) configure(p *netxml.Plan) error {
	six := false
	for _, a := range p.Addresses {
		six = six || a.Addr().Is6()
	}
	conf := filepath.Join(h.Proc, "ipv6/conf", p.Bridge)
	if _, err := os.Stat(conf); err == nil {
		settings := []struct{ name, value string }{{"disable_ipv6", "1"}}
		if six {
			settings = []struct{ name, value string }{{"disable_ipv6", "0"}, {"accept_dad", "0"}, {"accept_ra", "0"}, {"autoconf", "0"}}
		}
		for _, s := range settings {
			if err := write(filepath.Join(conf, s.name), s.value); err != nil {
				return err
			}
		}
	}
	if !p.STP {
		return nil
	}
	dir := filepath.Join(h.Sys, p.Bridge, "bridge")
	if err := write(filepath.Join(dir, "forward_delay"), strconv.Itoa(p.Delay*100)); err != nil {
		return err
	}
	return write(filepath.Join(dir, "stp_state"), "1")
}

// DropBridge removes the bridge. One that is not there, or is another's, is no error.
func (h *Host) DropBridge(p *netxml.Plan) error {
	l, err := find(p.Bridge)
	if err != nil || l == nil || !ours(l, p) {
		return err
	}
	if err := netlink.LinkDel(l); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove bridge %s: %w", p.Bridge, err)
	}
	return nil
}

// write sets a setting of the kernel, unless it is set.
func write(file, value string) error {
	now, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if string(now) == value+"\n" {
		return nil
	}
	return os.WriteFile(file, []byte(value), 0) // the file is there
}
