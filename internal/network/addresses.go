package network

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/internal/linux/namespace"
)

// How much of a network namespace is told: who has it can make hundreds of thousands of both, and they cost what is
// read.
const (
	mostLinks     = 1024
	mostAddresses = 4096
)

// Addresses returns the links in a network namespace, with their addresses: the first ones, if there are very many.
func (Links) Addresses(netns *os.File) (list []guest.Interface, err error) {
	err = namespace.Apart([]namespace.Held{{Kind: namespace.Net, File: netns}}, func() (err error) {
		list, err = linksHere(mostLinks, mostAddresses)
		return err
	})
	return list, err
}

// linksHere is Addresses for the thread's network namespace.
func linksHere(links, addresses int) ([]guest.Interface, error) {
	var list []guest.Interface
	at := map[int]int{}
	err := dump(unix.RTM_GETLINK, unix.RTM_NEWLINK, nl.NewIfInfomsg(unix.AF_UNSPEC), func(m []byte) bool {
		if link, err := netlink.LinkDeserialize(nil, m); err == nil {
			a := link.Attrs()
			at[a.Index] = len(list)
			list = append(list, guest.Interface{Name: a.Name, MAC: a.HardwareAddr.String()})
		}
		return len(list) < links
	})
	if err != nil {
		return nil, err
	}
	n := 0
	err = dump(unix.RTM_GETADDR, unix.RTM_NEWADDR, nl.NewIfAddrmsg(netlink.FAMILY_ALL), func(m []byte) bool {
		index, address, ok := addressIn(m)
		if i, known := at[index]; ok && known {
			list[i].Addresses = append(list[i].Addresses, address)
			n++
		}
		return n < addresses
	})
	return list, err
}

// dump has each object of a dump given to take, until that returns false. The rest is read and dropped as it comes.
func dump(ask, answer int, about nl.NetlinkRequestData, take func([]byte) bool) error {
	r := nl.NewNetlinkRequest(ask, unix.NLM_F_DUMP)
	r.AddData(about)
	err := r.ExecuteIter(unix.NETLINK_ROUTE, uint16(answer), take)
	if err != nil && !errors.Is(err, nl.ErrDumpInterrupted) { // which only says that something has changed meanwhile
		return fmt.Errorf("rtnetlink: %w", err)
	}
	return nil
}

// addressIn reads an address and the number of its link. An address with a peer has the whole length as its prefix, and
// is IFA_LOCAL; without one, IPv6 has no IFA_LOCAL, and IPv4 the same in both.
func addressIn(m []byte) (index int, address netip.Prefix, ok bool) {
	if len(m) < unix.SizeofIfAddrmsg {
		return 0, address, false
	}
	msg := nl.DeserializeIfAddrmsg(m)
	attrs, err := nl.ParseRouteAttr(m[msg.Len():])
	if err != nil {
		return 0, address, false
	}
	var local, peer netip.Addr
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(a.Value)
		case unix.IFA_ADDRESS:
			peer, _ = netip.AddrFromSlice(a.Value)
		}
	}
	bits := int(msg.Prefixlen)
	switch {
	case !local.IsValid():
		local = peer
	case local != peer:
		bits = local.BitLen()
	}
	address = netip.PrefixFrom(local, bits)
	return int(msg.Index), address, address.IsValid()
}
