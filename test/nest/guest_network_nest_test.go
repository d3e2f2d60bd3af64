//go:build nest

package nest

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// advertise says on eth0 that this is the router of all who hear it, for the network 2001:db8:bad::/64.
func advertise() error {
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	const hops = 255 // RFC 4861: who hears one with fewer takes no notice
	if err := unix.SetsockoptInt(s, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, hops); err != nil {
		return err
	}
	message := []byte{134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0} // the lifetime is 1800 seconds
	message = append(message, 3, 4, 64, 0xc0)                            // a prefix, on the link, for addresses
	message = binary.BigEndian.AppendUint32(message, 3600)
	message = binary.BigEndian.AppendUint32(message, 3600)
	prefix := netip.MustParseAddr("2001:db8:bad::").As16()
	message = append(append(message, 0, 0, 0, 0), prefix[:]...)
	all := netip.MustParseAddr("ff02::1").As16()
	return unix.Sendto(s, message, 0, &unix.SockaddrInet6{Addr: all, ZoneId: uint32(link.Index)})
}

// unlinkOfHost removes a link of the host. The host's network has a number here, since an interface has its other end
// there.
func unlinkOfHost(name string) error {
	link, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	if link.Attrs().NetNsID < 0 {
		return errors.New("the host's network has no number")
	}
	m := nl.NewNetlinkRequest(unix.RTM_DELLINK, unix.NLM_F_ACK)
	m.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	m.AddData(nl.NewRtAttr(unix.IFLA_TARGET_NETNSID, nl.Uint32Attr(uint32(link.Attrs().NetNsID))))
	m.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)))
	_, err = m.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
