package network

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Neighbours returns the addresses that the host has heard of on its links, by their MAC addresses. Those that did not
// answer are left out.
func (Links) Neighbours() (map[string][]netip.Prefix, error) {
	host, err := open()
	if err != nil {
		return nil, err
	}
	defer host.Close()
	known := map[string][]netip.Prefix{}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		list, err := host.NeighList(0, family)
		if err != nil {
			return nil, err
		}
		for i := range list {
			n := &list[i]
			address, ok := netip.AddrFromSlice(n.IP)
			if !ok || n.State&(unix.NUD_FAILED|unix.NUD_INCOMPLETE|unix.NUD_NOARP) != 0 {
				continue
			}
			address = address.Unmap()
			known[n.HardwareAddr.String()] = append(known[n.HardwareAddr.String()], netip.PrefixFrom(address, address.BitLen()))
		}
	}
	return known, nil
}
