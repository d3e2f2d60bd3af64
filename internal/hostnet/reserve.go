package hostnet

import (
	"errors"
	"io"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/service"
)

// sockets keep ports of the host from other programs.
type sockets []int

// Close gives the ports up.
func (s sockets) Close() error {
	var faults []error
	for _, fd := range s {
		faults = append(faults, unix.Close(fd))
	}
	return errors.Join(faults...)
}

// Reserve keeps ports from other programs of the host, by sockets that are bound to them and nothing more: who
// connects to one that is not forwarded is refused at once. It returns the index of the first port that it does not
// get.
func (f *Forwards) Reserve(list []service.Forward) (held io.Closer, at int, err error) {
	var all sockets
	for i, p := range list {
		for _, a := range places(p) {
			fd, err := bound(p.Proto, a)
			if err != nil {
				return nil, i, errors.Join(err, all.Close())
			}
			all = append(all, fd)
		}
	}
	return all, 0, nil
}

// places are the addresses of the host that have a forwarded port. One of a family is a wildcard for that only.
func places(p service.Forward) (list []netip.AddrPort) {
	if a, err := netip.ParseAddr(p.Address); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(a, p.Host)}
	}
	if p.To4 != "" || p.Network != "" {
		list = append(list, netip.AddrPortFrom(netip.IPv4Unspecified(), p.Host))
	}
	if p.To6 != "" {
		list = append(list, netip.AddrPortFrom(netip.IPv6Unspecified(), p.Host))
	}
	return list
}

// bound returns a socket that has a port. Without SO_REUSEADDR no other socket gets that, whatever it asks for.
func bound(proto string, a netip.AddrPort) (fd int, err error) {
	kind := unix.SOCK_STREAM
	if proto == "udp" {
		kind = unix.SOCK_DGRAM
	}
	family, address := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(a.Port()), Addr: as4(a.Addr())})
	if a.Addr().Is6() {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	}
	if fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, err
	}
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil && kind == unix.SOCK_DGRAM {
		err = deaf(fd)
	}
	if err == nil {
		err = unix.Bind(fd, address)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// deaf lets a socket receive nothing: nobody reads it.
func deaf(fd int) error {
	filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &filter[0]})
}

func as4(a netip.Addr) (b [4]byte) {
	if a.Is4() {
		b = a.As4()
	}
	return b
}
