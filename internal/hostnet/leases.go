package hostnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/service"
)

// lease is one of networkd's: the client's id, its address, the gateway, and its hardware address, which is filled up
// with zeros.
type lease struct {
	Family                             uint32
	Client, Address, Gateway, Hardware []byte
	Expires                            uint64 // in microseconds of CLOCK_BOOTTIME
}

// Leases returns the addresses that systemd-networkd has given in a network.
func (h *Host) Leases(ctx context.Context, bridge string) ([]service.NetworkLease, error) {
	running, err := h.runs(ctx, BusName)
	if err != nil || !running {
		return nil, err
	}
	l, err := find(bridge)
	if err != nil || l == nil {
		return nil, err
	}
	var name string
	var path dbus.ObjectPath
	if err := h.Networkd.Call(ctx, busPath, manager+"GetLinkByIndex", int32(l.Attrs().Index)).Store(&name, &path); err != nil {
		return nil, fmt.Errorf("find %s of systemd-networkd: %w", bridge, err)
	}
	var value dbus.Variant
	err = h.Networkd.Call(ctx, path, properties+"Get", dhcpServer, "Leases").Store(&value)
	if refused := (dbus.Error{}); errors.As(err, &refused) && refused.Name == "org.freedesktop.DBus.Error.UnknownProperty" {
		return nil, nil // the interface has no server, or its server waits for the first host
	}
	if err != nil {
		return nil, fmt.Errorf("read the leases of %s: %w", bridge, err)
	}
	var rows []lease
	if err := dbus.Store([]any{value.Value()}, &rows); err != nil {
		return nil, fmt.Errorf("read the leases of %s: %w", bridge, err)
	}
	now, err := sinceBoot()
	if err != nil {
		return nil, err
	}
	list := make([]service.NetworkLease, 0, len(rows))
	for _, r := range rows {
		address, ok := netip.AddrFromSlice(r.Address)
		if !ok {
			continue
		}
		list = append(list, service.NetworkLease{
			MAC: hardware(r.Hardware), Address: netip.PrefixFrom(address, prefixLength(l, address)), Client: r.Client,
			Expires: time.Now().Add(time.Duration(r.Expires)*time.Microsecond - now),
		})
	}
	return list, nil
}

// prefixLength returns the length of the prefix that an interface has an address in with the given one.
func prefixLength(l netlink.Link, address netip.Addr) int {
	list, _ := netlink.AddrList(l, netlink.FAMILY_V4) // without it, the address is alone
	for _, a := range list {
		p, err := netip.ParsePrefix(a.IPNet.String())
		if err == nil && p.Contains(address) {
			return p.Bits()
		}
	}
	return address.BitLen()
}

// hardware spells the hardware address of an Ethernet host.
func hardware(b []byte) string {
	const bytes = 6
	if len(b) > bytes {
		b = b[:bytes]
	}
	return net.HardwareAddr(b).String()
}

func sinceBoot() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0, err
	}
	return time.Duration(t.Nano()), nil
}
