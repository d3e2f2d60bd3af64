package hostnet

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/service"
)

// admit lets the host forward packets to containers, and lets packets to the host's own 127.0.0.1 leave by their links.
func (h *Host) admit(list []service.Forward) error {
	var p netxml.Plan
	for _, f := range list {
		p.Forward4, p.Forward6 = p.Forward4 || f.To4 != "", p.Forward6 || f.To6 != ""
	}
	if err := h.Forward(&p); err != nil {
		return err
	}
	for _, link := range linksOf(list) {
		if err := h.routeLoopback(link, "1"); err != nil {
			return err
		}
	}
	forgetFlows(list)
	return nil
}

// dismiss undoes admit for the links that no other ports have. Nobody takes back that the host forwards.
func (h *Host) dismiss(list []service.Forward, others map[string]bool) error {
	var faults []error
	for _, link := range linksOf(list) {
		if !others[link] {
			faults = append(faults, h.routeLoopback(link, "0"))
		}
	}
	forgetFlows(list)
	return errors.Join(faults...)
}

// linksOf returns the links of ports that the host reaches by IPv4.
func linksOf(list []service.Forward) (names []string) {
	seen := map[string]bool{}
	for _, f := range list {
		if f.To4 != "" && !seen[f.Link] {
			names = append(names, f.Link)
		}
		seen[f.Link] = true
	}
	return names
}

// routeLoopback sets whether a link takes packets from and to 127.0.0.0/8. A link that is gone is no error.
func (h *Host) routeLoopback(link, value string) error {
	err := write(filepath.Join(h.Proc, "ipv4/conf", link, "route_localnet"), value)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// forgetFlows has the kernel forget the connections of UDP to forwarded ports: they would go on to where they went
// before. A kernel that cannot do that lets them end by themselves.
func forgetFlows(list []service.Forward) {
	for _, f := range list {
		if f.Proto != "udp" {
			continue
		}
		filter := &netlink.ConntrackFilter{}
		if filter.AddProtocol(unix.IPPROTO_UDP) != nil || filter.AddPort(netlink.ConntrackOrigDstPort, f.Host) != nil {
			continue
		}
		for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
			_, _ = netlink.ConntrackDeleteFilters(netlink.ConntrackTable, family, filter)
		}
	}
}
