package netxml

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestReduce: a network of libvirt's loses what Berth does not support, each with its line, and nothing else.
func TestReduce(t *testing.T) {
	t.Parallel()
	const doc = `<!--
WARNING: THIS IS AN AUTO-GENERATED FILE.
-->
<network ipv6='yes' xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>
  <name>lab</name>
  <uuid>7795eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <metadata><a xmlns='urn:a' b='c'>kept</a></metadata>
  <forward dev='eth0' mode='nat'>
    <nat>
      <port start='5000' end='6000'/>
    </nat>
    <interface dev='eth0'/>
    <interface dev='eth1'/>
  </forward>
  <bridge name='virbr7' stp='on' delay='0' zone="trusted" macTableManager='libvirt'/>
  <dns>
    <forwarder domain='corp' addr='10.0.0.1'/>
    <forwarder addr='10.0.0.2'/>
    <host ip='192.168.7.2'>
      <hostname>a</hostname>
    </host>
  </dns>
  <ip address='192.168.7.1' netmask='255.255.255.0'>
    <tftp root='/srv/tftp'/>
    <dhcp>
      <range start='192.168.7.100' end='192.168.7.200'/>
      <host name='first' ip='192.168.7.2'/>
      <host mac='52:54:00:00:00:01' ip='192.168.7.3'/>
      <host name='last' ip='192.168.7.4'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='fd00:7::1' prefix='64'>
    <dhcp><range start='fd00:7::10' end='fd00:7::20'/></dhcp>
  </ip>
  <portgroup name='fast'/>
  <dnsmasq:options><dnsmasq:option value='x'/></dnsmasq:options>
</network>
`
	out, lost, err := Reduce([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lost {
		got = append(got, fmt.Sprintf("%d %s", l.Line, l.Element))
	}
	want := []string{
		"4 network@ipv6", "10 network/forward/nat/port", "13 network/forward/interface[2]", "15 network/bridge@zone", "15 network/bridge@macTableManager",
		"17 network/dns/forwarder", "19 network/dns/host", "24 network/ip/tftp", "27 network/ip/dhcp/host", "29 network/ip/dhcp/host[2]", "33 network/ip[2]/dhcp",
		"35 network/portgroup", "36 network/options",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	d, err := Parse(out)
	if err != nil || len(d.IPs) != 2 || len(d.IPs[0].Hosts) != 1 || d.Dev != "eth0" || len(d.Forwarders) != 1 || !strings.Contains(string(out), "b='c'>kept") {
		t.Errorf("%v\n%+v\n%s", err, d, out)
	}
	if strings.Count(string(out), "\n") != strings.Count(doc, "\n") {
		t.Errorf("the lines are others:\n%s", out)
	}
}

// TestReduceRefuses: a network that is nothing without what is not supported is an error that names the element.
func TestReduceRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"<network><name>a</name><forward mode='hostdev'><pf dev='eth3'/></forward></network>", "network/forward@mode"},
		{"<network><name>a</name><forward mode='bridge'><interface dev='eth0'/></forward></network>", "network/forward@dev"},
		{"<network><name>a</name><forward mode='bridge'/><bridge name='br0'/><virtualport type='x'/></network>", ""},
		{"<network><name>a b</name></network>", "network/name"},
		{"<domain/>", ""},
	} {
		text, element := c[0], c[1]
		_, _, err := Reduce([]byte(text))
		e, ok := errors.AsType[*domain.Error](err)
		if !ok && !strings.Contains(text, "virtualport") || ok && e.Element != element {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzReduce: no document makes Reduce panic, and what it returns is a network that Parse takes.
func FuzzReduce(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.xml")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		out, _, err := Reduce(text)
		if err != nil {
			return
		}
		if _, err := Parse(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
