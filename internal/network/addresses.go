package network

import (
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"

	"github.com/berthd/berth/internal/guest"
)

// Addresses returns the links in a network namespace, with their addresses.
func (Links) Addresses(netns *os.File) ([]guest.Interface, error) {
	inside, err := openIn(netns)
	if err != nil {
		return nil, err
	}
	defer inside.Close()
	links, err := inside.LinkList()
	if err != nil {
		return nil, err
	}
	addresses, err := inside.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	list := make([]guest.Interface, len(links))
	for i, link := range links {
		a := link.Attrs()
		list[i] = guest.Interface{Name: a.Name, MAC: a.HardwareAddr.String()}
		for _, on := range addresses {
			address, ok := netip.AddrFromSlice(on.IP)
			if bits, _ := on.Mask.Size(); ok && on.LinkIndex == a.Index {
				list[i].Addresses = append(list[i].Addresses, netip.PrefixFrom(address.Unmap(), bits))
			}
		}
	}
	return list, nil
}
