package network

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/service"
)

// TestIsOurs: a link is a run's if it is a veth with the alias, or without any and with the MAC address. No other link
// is.
func TestIsOurs(t *testing.T) {
	t.Parallel()
	note := service.Link{Name: "web0", MAC: "fe:54:00:00:00:01", Alias: "berth 1 0"}
	mac, other := net.HardwareAddr{0xfe, 0x54, 0, 0, 0, 1}, net.HardwareAddr{0xfe, 0x54, 0, 0, 0, 2}
	veth := func(alias string, mac net.HardwareAddr) netlink.Link {
		return &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "web0", Alias: alias, HardwareAddr: mac}}
	}
	for name, tc := range map[string]struct {
		link netlink.Link
		want bool
	}{
		"whole":                        {veth("berth 1 0", mac), true},
		"of a daemon that died":        {veth("", mac), true},
		"with a changed MAC":           {veth("berth 1 0", other), true},
		"another's alias":              {veth("berth 2 0", mac), false},
		"another's MAC and no alias":   {veth("", other), false},
		"a bridge with all of it":      {&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "web0", Alias: "berth 1 0", HardwareAddr: mac}}, false},
		"a dummy with the MAC address": {&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: "web0", HardwareAddr: mac}}, false},
	} {
		if got := isOurs(tc.link, note); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestAddress: an address of IPv6 is usable at once, and one with a peer has it with the same prefix.
func TestAddress(t *testing.T) {
	t.Parallel()
	six, err := address(plan.NetAddress{Address: "2001:db8::1/64"})
	if err != nil || six.Flags&unix.IFA_F_NODAD == 0 || six.String() != "2001:db8::1/64" {
		t.Errorf("%v, %v", six, err)
	}
	four, err := address(plan.NetAddress{Address: "192.0.2.1/32", Peer: "192.0.2.2"})
	if err != nil || four.Flags != 0 || four.Peer.String() != "192.0.2.2/32" {
		t.Errorf("%v, %v", four, err)
	}
	for _, bad := range []plan.NetAddress{{}, {Address: "192.0.2.1"}, {Address: "192.0.2.1/24", Peer: "x"}} {
		if got, err := address(bad); err == nil {
			t.Errorf("%+v became %v", bad, got)
		}
	}
}

// TestRoute: a route goes by the link to the gateway with its metric, the default route too.
func TestRoute(t *testing.T) {
	t.Parallel()
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Index: 7}}
	for _, r := range []plan.NetRoute{{To: "0.0.0.0/0", Gateway: "192.0.2.1", Metric: 1}, {To: "2001:db8::/32", Gateway: "fe80::1", Metric: 9}} {
		got, err := route(link, r)
		if err != nil || got.LinkIndex != 7 || got.Dst.String() != r.To || got.Gw.String() != r.Gateway || got.Priority != int(r.Metric) {
			t.Errorf("%+v: %v, %v", r, got, err)
		}
	}
	for _, bad := range []plan.NetRoute{{}, {To: "192.0.2.0/24"}, {To: "x", Gateway: "192.0.2.1"}} {
		if got, err := route(link, bad); err == nil {
			t.Errorf("%+v became %v", bad, got)
		}
	}
}

// TestExplain: each cause that is known in words names the element and says what to do, and any other keeps the
// kernel's error.
func TestExplain(t *testing.T) {
	t.Parallel()
	i := &plan.Interface{Element: "interface", Kind: plan.Macvlan, MTU: 9, Parent: "eno1", Mode: "vepa", MAC: "52:54:00:00:00:01", Host: plan.HostEnd{Name: "web0"}}
	r := plan.NetRoute{To: "192.0.2.0/24", Gateway: "192.0.2.1", Metric: 1}
	for words, of := range map[string]func() string{
		"a link 'web0' already": func() string { return made(unix.EEXIST, i) }, "no veth": func() string { return made(unix.EOPNOTSUPP, i) },
		"MTU of 9": func() string { return made(unix.EINVAL, i) }, "1023": func() string { return port(unix.EXFULL, "br0") },
		"no macvlan; ": func() string { return parentOf(unix.EOPNOTSUPP, i) }, "in use": func() string { return parentOf(unix.EBUSY, i) },
		"the mode 'vepa'": func() string { return parentOf(unix.EINVAL, i) }, "has the address": func() string { return notUp(unix.EBUSY, i) },
		"disable_ipv6": func() string { return noIPv6(unix.EACCES, "2001:db8::1/64") }, "has no IPv6, which": func() string { return noIPv6(unix.EINVAL, "2001:db8::1/64") },
		"the host's kernel has no IPv6": func() string { return noIPv6(unix.EOPNOTSUPP, "2001:db8::1/64") },
		"cannot be reached":             func() string { return unreachable(unix.ENETUNREACH, r) }, "already": func() string { return unreachable(unix.EEXIST, r) },
	} {
		err := explain(i.Element, unix.EIO, of())
		known, _ := errors.AsType[*domain.Error](err)
		if known == nil || known.Element != "interface" || !strings.Contains(known.Text, words) {
			t.Errorf("%q: %v", words, err)
		}
	}
	for _, text := range []string{made(unix.EPERM, i), port(unix.EPERM, "br0"), parentOf(unix.EPERM, i), notUp(unix.EPERM, i), noIPv6(unix.EPERM, "192.0.2.1/24"), unreachable(unix.EPERM, r)} {
		if err := explain(i.Element, fmt.Errorf("x: %w", unix.EPERM), text); !errors.Is(err, unix.EPERM) || !strings.HasPrefix(err.Error(), "interface: ") {
			t.Errorf("%v", err)
		}
	}
	if err := explain("interface", unix.ENODEV, "the host has no bridge 'br0'"); !strings.Contains(err.Error(), "no bridge 'br0'") {
		t.Error(err)
	}
	if err := explain("interface", unix.EIO, "the host has no bridge 'br0'"); !errors.Is(err, unix.EIO) {
		t.Errorf("an error of reading became %v", err)
	}
}
