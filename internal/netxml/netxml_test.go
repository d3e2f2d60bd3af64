package netxml

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/test/goldenfile"
)

// hosts are those that each network is planned for.
func hosts() map[string]Host {
	return map[string]Host{
		"plain":    {IPv6: true, Servers: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}},
		"resolved": {IPv6: true, Resolved: true},
		"old":      {},
	}
}

// TestPlans: each network is planned as its golden file has it, on each host.
func TestPlans(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			read := Parse
			if strings.HasSuffix(file, ".foreign.xml") {
				read = ParseForeign
			}
			d, err := read(text)
			if err != nil {
				t.Fatal(err)
			}
			d = d.Complete(Chosen{UUID: NameUUID(d.Name), Bridge: "berth1"})
			xml, err := d.Format()
			if err != nil {
				t.Fatal(err)
			}
			fixpoint(t, read, d, xml)
			got := xml
			for _, name := range []string{"plain", "resolved", "old"} {
				got += "\n==== on a host that is " + name + "\n" + show(t, Build(d, hosts()[name]))
			}
			golden(t, strings.TrimSuffix(file, ".xml")+".golden", got)
		})
	}
}

// fixpoint checks that the XML of a definition gives the same definition.
func fixpoint(t *testing.T, read func([]byte) (*Def, error), d *Def, xml string) {
	t.Helper()
	again, err := read([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.Format()
	if err != nil || second != xml {
		t.Errorf("%v, first (-), second (+):\n%s", err, cmp.Diff(xml, second))
	}
	for _, h := range hosts() {
		if diff := cmp.Diff(show(t, Build(d, h)), show(t, Build(again, h))); diff != "" {
			t.Errorf("first (-), second (+):\n%s", diff)
		}
	}
}

// show spells a plan, and the texts of its files as they are.
func show(t *testing.T, p *Plan) string {
	t.Helper()
	if p == nil {
		return "nothing is made\n"
	}
	copied := *p
	files := ""
	for _, f := range []*File{p.Serve, p.Resolver} {
		if f != nil {
			files += "---- " + f.Name + "\n" + f.Text
		}
	}
	copied.Serve, copied.Resolver = nil, nil
	text, err := json.MarshalIndent(copied, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n" + files
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	goldenfile.Check(t, file, got)
}

// TestShippedNetwork: the network that comes with Berth is the one whose plan is tested.
func TestShippedNetwork(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/networks/default.xml")
	if err != nil {
		t.Fatal(err)
	}
	tested, err := os.ReadFile("testdata/default.xml")
	if err != nil || string(shipped) != string(tested) {
		t.Errorf("%v, shipped (-), tested (+):\n%s", err, cmp.Diff(string(shipped), string(tested)))
	}
}

// with is a network with further elements.
func with(elements string) string {
	return "<network><name>n</name>\n<bridge name='b0'/>" + elements + "</network>"
}

// ip4 is a network with an address, with elements in it.
func ip4(inside string) string {
	return with("<ip address='10.0.0.1' prefix='24'><dhcp>" + inside + "</dhcp></ip>")
}

// TestRefused: a document that is wrong or asks for what is not supported is refused, and the error names the element
// and its line.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		xml     string
		element string
		line    int
		says    string
	}{
		{"", "", 0, "no element"},
		{"<network", "", 1, "EOF"},
		{"<network><name>a</network>", "network/name", 1, "syntax"},
		{"<domain/>", "", 1, "no <network>"},
		{"<network/><network/>", "", 1, "no <network>"},
		{"<!DOCTYPE x [<!ENTITY a 'b'>]><network/>", "", 1, "document type"},
		{strings.Repeat("<network>", 20), "network/network", 1, "not supported"},
		{"<network>" + strings.Repeat(" ", maxSize) + "</network>", "", 0, "bytes"},
		{"<network/>", "network/name", 1, "name"},
		{"<network><name>../x</name></network>", "network/name", 1, "no name"},
		{"<network><name>.x</name></network>", "network/name", 1, "no name"},
		{"<network><name>a b</name></network>", "network/name", 1, "no name"},
		{"<network><name>n</name><uuid>x</uuid></network>", "network/uuid", 1, ""},
		{"<network><name>n</name><name>m</name></network>", "network/name[2]", 1, "only one"},
		{with("\n<nosuch/>"), "network/nosuch", 3, "not supported"},
		{with("<x:bridge xmlns:x='urn:x'/>"), "network/{urn:x}bridge", 2, "not supported"},
		{with("<forward mode='nat' nosuch=''/>"), "network/forward@nosuch", 2, "attribute"},
		{with("<forward mode='hostdev'/>"), "network/forward@mode", 2, "hostdev"},
		{with("<forward mode='open' dev='eth0'/>"), "network/forward@dev", 2, ""},
		{with("<forward mode='nat' dev='a/b'/>"), "network/forward@dev", 2, ""},
		{with("<forward mode='route'><nat ipv6='yes'/></forward>"), "network/forward/nat", 2, "route"},
		{with("<forward><nat><port start='1' end='2'/></nat></forward>"), "network/forward/nat/port", 2, "1024"},
		{with("<forward><interface dev='a'/><interface dev='b'/></forward>"), "network/forward/interface[2]", 2, "one"},
		{"<network><name>n</name><bridge name='0123456789abcdef'/></network>", "network/bridge@name", 1, "15"},
		{"<network><name>n</name><bridge name='a b'/></network>", "network/bridge@name", 1, ""},
		{"<network><name>n</name><bridge name='b*'/></network>", "network/bridge@name", 1, ""},
		{"<network><name>n</name><bridge name='b0' stp='maybe'/></network>", "network/bridge@stp", 1, ""},
		{"<network><name>n</name><bridge name='b0' delay='99'/></network>", "network/bridge@delay", 1, ""},
		{"<network><name>n</name><bridge name='b0' macTableManager='libvirt'/></network>", "network/bridge@macTableManager", 1, ""},
		{"<network><name>n</name><forward mode='bridge'/></network>", "network/bridge@name", 1, "needs"},
		{with("<forward mode='bridge'/><ip address='10.0.0.1'/>"), "network/ip", 2, "host's"},
		{with("<mtu size='9'/>"), "network/mtu@size", 2, ""},
		{with("<mac address='52:54:00'/>"), "network/mac@address", 2, ""},
		{with("<mac address='01:54:00:00:00:00'/>"), "network/mac@address", 2, "multicast"},
		{with("<mac address='00:00:00:00:00:00'/>"), "network/mac@address", 2, "zeros"},
		{"<network><name>n</name><bridge name='all'/></network>", "network/bridge@name", 1, "for itself"},
		{with("<mtu size='1279'/>\n<ip address='fd00::1'/>"), "network/mtu@size", 2, "1280"},
		{with("<ip address='::ffff:10.0.0.1' prefix='120'/>"), "network/ip@address", 2, "no address"},
		{with("<ip address='fe80::1'/>"), "network/ip@address", 2, "link alone"},
		{ip4("<host mac='52:54:00:00:00:01' ip='10.0.0.1'/>"), "network/ip/dhcp/host[1]@ip", 2, "own"},
		{with("<domain name='a b'/>"), "network/domain@name", 2, ""},
		{with("<domain name='a\nDNS=1.2.3.4'/>"), "network/domain@name", 2, ""},
		{with("<dns><forwarder addr='x'/></dns>"), "network/dns/forwarder[1]@addr", 2, ""},
		{with("<dns><txt name='a' value='b'/></dns>"), "network/dns/txt", 2, ""},
		{with("<route address='1.2.3.0' prefix='24' gateway='10.0.0.2'/>"), "network/route", 2, "on the host"},
		{with("<vlan><tag id='1'/></vlan>"), "network/vlan", 2, "<interface>"},
		{with("<ip address='x'/>"), "network/ip@address", 2, ""},
		{with("<ip address='fe80::1%eth0'/>"), "network/ip@address", 2, ""},
		{with("<ip address='10.0.0.0' prefix='24'/>"), "network/ip@address", 2, "own address"},
		{with("<ip address='10.0.0.255' prefix='24'/>"), "network/ip@address", 2, "own address"},
		{with("<ip address='224.0.0.1' prefix='24'/>"), "network/ip@address", 2, "host"},
		{with("<ip address='10.0.0.1' prefix='33'/>"), "network/ip@prefix", 2, "32"},
		{with("<ip address='10.0.0.1' prefix='24' netmask='255.255.255.0'/>"), "network/ip@netmask", 2, "prefix"},
		{with("<ip address='10.0.0.1' netmask='255.0.255.0'/>"), "network/ip@netmask", 2, ""},
		{with("<ip address='10.0.0.1' netmask='0.0.0.0'/>"), "network/ip@netmask", 2, ""},
		{with("<ip address='10.0.0.1' family='ipv6'/>"), "network/ip@family", 2, ""},
		{with("<ip address='10.0.0.1' prefix='24'/>\n<ip address='10.0.0.129' prefix='25'/>"), "network/ip[2]", 3, "overlaps"},
		{with("<ip address='fd00::1' prefix='64'><dhcp/></ip>"), "network/ip/dhcp", 2, "DHCPv6"},
		{with("<ip address='10.0.0.1' prefix='24'><tftp root='/x'/></ip>"), "network/ip/tftp", 2, "TFTP"},
		{ip4("<range start='10.0.1.1' end='10.0.0.9'/>"), "network/ip/dhcp/range@start", 2, "not in"},
		{ip4("<range start='10.0.0.9' end='x'/>"), "network/ip/dhcp/range@end", 2, ""},
		{ip4("<range start='10.0.0.9' end='10.0.0.2'/>"), "network/ip/dhcp/range", 2, "before"},
		{ip4("<range start='10.0.0.9' end='10.0.0.255'/>"), "network/ip/dhcp/range@end", 2, "for all"},
		{ip4("<range start='10.0.0.2' end='10.0.0.3'/><range start='10.0.0.5' end='10.0.0.6'/>"), "network/ip/dhcp/range[2]", 2, "one"},
		{ip4("<range start='10.0.0.2' end='10.0.0.3'><lease expiry='1' unit='days'/></range>"), "network/ip/dhcp/range/lease@unit", 2, ""},
		{ip4("<range start='10.0.0.2' end='10.0.0.3'><lease expiry='0'/></range>"), "network/ip/dhcp/range/lease@expiry", 2, ""},
		{ip4("<host mac='52:54:00:00:00:01'/>"), "network/ip/dhcp/host[1]", 2, "needs"},
		{ip4("<host mac='52:54:00:00:00:01' ip='10.0.0.2'/>\n<host mac='52:54:00:00:00:02' ip='10.0.0.2'/>"), "network/ip/dhcp/host[2]", 3, "another"},
		{ip4("<host mac='53:54:00:00:00:01' ip='10.0.0.2'/>"), "network/ip/dhcp/host[1]@mac", 2, "multicast"},
	} {
		d, err := Parse([]byte(c.xml))
		var e *domain.Error
		if d != nil || !asError(err, &e) || e.Element != c.element || e.Line != c.line || !strings.Contains(e.Text, c.says) {
			t.Errorf("%.300s\ngot %v, want %s (line %d): %s", c.xml, err, c.element, c.line, c.says)
		}
	}
}

func asError(err error, to **domain.Error) bool {
	e, ok := err.(*domain.Error) //nolint:errorlint // it must be one itself
	*to = e
	return ok
}

// TestForeignIsRead: libvirt's own elements do not keep its definitions from being read, but a wrong address does.
func TestForeignIsRead(t *testing.T) {
	t.Parallel()
	if d, err := ParseForeign([]byte(with("<nosuch/><forward mode='nat'/>"))); err != nil || d.Mode != NAT {
		t.Errorf("got %+v, %v", d, err)
	}
	if d, err := ParseForeign([]byte(with("<ip address='x'/>"))); err == nil {
		t.Errorf("got %+v", d)
	}
}

// FuzzParse: no document makes Parse panic, and what it reads can be written and read again.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.xml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func([]byte) (*Def, error){Parse, ParseForeign} {
			d, err := read(text)
			if err != nil {
				continue
			}
			d = d.Complete(Chosen{UUID: NameUUID(d.Name), Bridge: "berth1"})
			xml, err := d.Format()
			if err != nil {
				t.Fatal(err)
			}
			fixpoint(t, read, d, xml)
			for _, h := range hosts() {
				if p := Build(d, h); p != nil && p.Serve != nil && strings.ContainsAny(p.Serve.Name, "/\n") {
					t.Errorf("a file %q", p.Serve.Name)
				}
			}
		}
	})
}
