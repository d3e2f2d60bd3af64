package hostnet

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/service"
)

// Facts reads what the plan of a network depends on, and which networks the host has.
func (h *Host) Facts(ctx context.Context) (service.NetworkFacts, error) {
	resolved, err := h.runs(ctx, resolverName)
	if err != nil {
		return service.NetworkFacts{}, fmt.Errorf("find systemd-resolved: %w", err)
	}
	f := service.NetworkFacts{Host: netxml.Host{Resolved: resolved, IPv6: h.hasIPv6()}}
	if !resolved {
		f.Servers = nameServers("/etc/resolv.conf")
	}
	f.Taken, err = taken()
	return f, err
}

// hasIPv6 reports whether a new interface may have IPv6.
func (h *Host) hasIPv6() bool {
	text, err := os.ReadFile(filepath.Join(h.Proc, "ipv6/conf/default/disable_ipv6"))
	return err == nil && strings.TrimSpace(string(text)) == "0"
}

// nameServers reads the name servers that others than this host can reach.
func nameServers(file string) (list []netip.Addr) {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(words[1]); err == nil && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			list = append(list, a.Unmap())
		}
	}
	return list
}

// taken returns the networks that the host is in, and those that it has routes to.
func taken() (list []service.TakenNetwork, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the interfaces: %w", err)
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	addresses, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list the addresses: %w", err)
	}
	for _, a := range addresses {
		p, err := netip.ParsePrefix(a.IPNet.String())
		if err == nil && !p.Addr().IsLinkLocalUnicast() {
			list = append(list, service.TakenNetwork{Prefix: p.Masked(), Link: names[a.LinkIndex]})
		}
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list the routes: %w", err)
	}
	for _, r := range routes {
		if r.Dst == nil || r.Type != unix.RTN_UNICAST {
			continue
		}
		p, err := netip.ParsePrefix(r.Dst.String())
		if err == nil && p.Bits() > 0 && !p.Addr().IsLinkLocalUnicast() {
			list = append(list, service.TakenNetwork{Prefix: p, Link: names[r.LinkIndex], Route: true})
		}
	}
	return list, nil
}
