package hostnet

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// TestRemoves: of what the packet filter tells, only the end of a table of ours counts, wherever in a packet it is.
func TestRemoves(t *testing.T) {
	t.Parallel()
	message := func(kind uint16, name string) syscall.NetlinkMessage {
		attr := nl.NewRtAttr(unix.NFTA_TABLE_NAME, nl.ZeroTerminated(name))
		return syscall.NetlinkMessage{
			Header: syscall.NlMsghdr{Type: unix.NFNL_SUBSYS_NFTABLES<<8 | kind},
			Data:   append([]byte{unix.NFPROTO_INET, 0, 0, 1}, attr.Serialize()...),
		}
	}
	const removed, made = unix.NFT_MSG_DELTABLE, unix.NFT_MSG_NEWTABLE
	for name, c := range map[string]struct {
		messages []syscall.NetlinkMessage
		want     bool
	}{
		"ours":           {[]syscall.NetlinkMessage{message(removed, "berth-berth0")}, true},
		"another's":      {[]syscall.NetlinkMessage{message(removed, "filter"), message(removed, forwardTable)}, false},
		"ours is made":   {[]syscall.NetlinkMessage{message(made, "berth-berth0")}, false},
		"ours at last":   {[]syscall.NetlinkMessage{message(made, "x"), message(removed, "x"), message(removed, "berth-x")}, true},
		"without a name": {[]syscall.NetlinkMessage{{Header: message(removed, "").Header}}, false},
		"nothing":        {nil, false},
	} {
		if got := removes(c.messages, func(name string) bool { return strings.HasPrefix(name, "berth-") }); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestIsDefault: a route to everything by an interface is a default route, and no other is.
func TestIsDefault(t *testing.T) {
	t.Parallel()
	_, all, _ := net.ParseCIDR("0.0.0.0/0")
	_, some, _ := net.ParseCIDR("10.0.0.0/8")
	for _, c := range []struct {
		route netlink.Route
		want  bool
	}{
		{netlink.Route{Type: unix.RTN_UNICAST}, true},
		{netlink.Route{Type: unix.RTN_UNICAST, Dst: all}, true},
		{netlink.Route{Type: unix.RTN_UNICAST, Dst: some}, false},
		{netlink.Route{Type: unix.RTN_UNREACHABLE, Dst: all}, false},
	} {
		if got := isDefault(c.route); got != c.want {
			t.Errorf("%+v: %v", c.route, got)
		}
	}
}
