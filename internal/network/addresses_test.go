package network

import (
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// TestAddressIn: an address has its prefix, or its whole length if it has a peer, and what is no IP address of a link
// is none.
func TestAddressIn(t *testing.T) {
	t.Parallel()
	attr := func(kind int, value ...byte) *nl.RtAttr { return nl.NewRtAttr(kind, value) }
	for name, tc := range map[string]struct {
		bits  uint8
		attrs []*nl.RtAttr
		want  string
	}{
		"IPv4":         {24, []*nl.RtAttr{attr(unix.IFA_ADDRESS, 10, 0, 0, 1), attr(unix.IFA_LOCAL, 10, 0, 0, 1)}, "10.0.0.1/24"},
		"with a peer":  {24, []*nl.RtAttr{attr(unix.IFA_ADDRESS, 10, 0, 0, 2), attr(unix.IFA_LOCAL, 10, 0, 0, 1)}, "10.0.0.1/32"},
		"no peer":      {24, []*nl.RtAttr{attr(unix.IFA_LOCAL, 10, 0, 0, 1)}, "10.0.0.1/32"},
		"IPv6":         {128, []*nl.RtAttr{attr(unix.IFA_ADDRESS, append(make([]byte, 15), 1)...)}, "::1/128"},
		"other family": {8, []*nl.RtAttr{attr(unix.IFA_LOCAL, 7)}, ""},
		"nothing":      {0, nil, ""},
		"too long":     {200, []*nl.RtAttr{attr(unix.IFA_ADDRESS, 10, 0, 0, 1)}, ""},
	} {
		msg := nl.NewIfAddrmsg(unix.AF_INET)
		msg.Prefixlen, msg.Index = tc.bits, 7
		m := msg.Serialize()
		for _, a := range tc.attrs {
			m = append(m, a.Serialize()...)
		}
		index, got, ok := addressIn(m)
		if ok != (tc.want != "") || ok && (index != 7 || got != netip.MustParsePrefix(tc.want)) {
			t.Errorf("%s: link %d, %v, %v", name, index, got, ok)
		}
	}
	if _, _, ok := addressIn([]byte{1, 2}); ok {
		t.Error("half a message has an address")
	}
}

// TestLinksHere: links are told with their addresses, no more than wanted of either.
func TestLinksHere(t *testing.T) {
	t.Parallel()
	all, err := linksHere(mostLinks, mostAddresses)
	if err != nil || len(all) == 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	if few, err := linksHere(1, 0); err != nil || len(few) != 1 || few[0].Name != all[0].Name {
		t.Errorf("one link: %+v, %v", few, err)
	}
	for _, one := range all {
		if one.Name == "lo" && one.Addresses != nil {
			if got := one.Addresses[0]; got != netip.MustParsePrefix("127.0.0.1/8") {
				t.Errorf("lo has %v", got)
			}
		}
	}
}
