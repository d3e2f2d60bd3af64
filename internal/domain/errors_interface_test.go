package domain

import (
	"slices"
	"strings"
	"testing"
)

// ifaceXML is a definition with one interface on a bridge.
func ifaceXML(inner string) string {
	return with("<devices><interface type='bridge'><source bridge='br0'/>" + inner + "</interface></devices>")
}

// refusedInterfaces are of <interface>.
func refusedInterfaces() []refusal {
	const at, port = "domain/devices/interface", "domain/devices/interface/berth:port"
	forwarded := func(inner string) string {
		return ifaceXML("<ip address='192.0.2.7'/>" + strings.ReplaceAll(inner, "<b:port", "<port xmlns='"+berthNamespace+"'"))
	}
	alone := func(text string) string { return with("<devices>" + text + "</devices>") }
	list := []refusal{
		{alone("<interface/>"), InvalidXML, at + "@type"},
		{alone("<interface type='bridge'/>"), InvalidXML, at + "/source@bridge"},
		{alone("<interface type='bridge'><source/></interface>"), InvalidXML, at + "/source@bridge"},
		{alone("<interface type='bridge'><source bridge='br0' network='a'/></interface>"), InvalidXML, at + "/source@network"},
		{alone("<interface type='network'/>"), InvalidXML, at + "/source@network"},
		{alone("<interface type='network'><source network='../a'/></interface>"), InvalidXML, at + "/source@network"},
		{alone("<interface type='direct'/>"), InvalidXML, at + "/source@dev"},
		{alone("<interface type='direct'><source dev='eno1' mode='x'/></interface>"), InvalidConfig, at + "/source@mode"},
		{alone("<interface type='direct'><source dev='eno1'/><ip address='192.0.2.1'/><route address='0.0.0.0' gateway='192.0.2.2'/><link state='down'/></interface>"), InvalidConfig, at + "/route"},
		{alone("<interface type='ethernet'><source dev='x'/></interface>"), InvalidXML, at + "/source@dev"},
		{alone("<interface type='ethernet'><script path='/x'/></interface>"), InvalidConfig, at + "/script"},
		{alone("<interface type='user'/>"), InvalidConfig, at + "@type"},
		{alone("<interface type='hostdev'/>"), InvalidConfig, at + "@type"},
		{ifaceXML("<mac address='01:00:5e:00:00:01'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac address='00:00:00:00:00:00'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac address='52:54:00:12:34'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac address='52:54:00:12:34:56:78'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac address='52:54:00:12:34:5g'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac address='52:54:00:12:34:'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac address='52:54:00:12:34:567'/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<mac/>"), InvalidXML, at + "/mac@address"},
		{ifaceXML("<target dev='a123456789012345'/>"), InvalidXML, at + "/target@dev"},
		{ifaceXML("<target dev='a/b'/>"), InvalidXML, at + "/target@dev"},
		{ifaceXML("<target dev='eth%d'/>"), InvalidXML, at + "/target@dev"},
		{ifaceXML("<guest dev='lo'/>"), InvalidXML, at + "/guest@dev"},
		{ifaceXML("<guest dev='a b'/>"), InvalidXML, at + "/guest@dev"},
		{ifaceXML("<guest dev='..'/>"), InvalidXML, at + "/guest@dev"},
		{ifaceXML("<model type='a b'/>"), InvalidConfig, at + "/model@type"},
		{ifaceXML("<link state='sideways'/>"), InvalidConfig, at + "/link@state"},
		{ifaceXML("<mtu/>"), InvalidXML, at + "/mtu@size"},
		{ifaceXML("<mtu size='67'/>"), InvalidXML, at + "/mtu@size"},
		{ifaceXML("<mtu size='65536'/>"), InvalidXML, at + "/mtu@size"},
		{ifaceXML("<mtu size='x'/>"), InvalidXML, at + "/mtu@size"},
		{ifaceXML("<port isolated='maybe'/>"), InvalidXML, at + "/port@isolated"},
		{alone("<interface type='ethernet'><port isolated='yes'/></interface>"), InvalidConfig, at + "/port@isolated"},
		{forwarded("<b:port/>"), InvalidXML, port + "@host"},
		{forwarded("<b:port host='0'/>"), InvalidXML, port + "@host"},
		{forwarded("<b:port host='65536'/>"), InvalidXML, port + "@host"},
		{forwarded("<b:port host='80-90'/>"), InvalidXML, port + "@host"},
		{forwarded("<b:port host='80' guest='0'/>"), InvalidXML, port + "@guest"},
		{forwarded("<b:port host='80' guest='65536'/>"), InvalidXML, port + "@guest"},
		{forwarded("<b:port host='80' proto='sctp'/>"), InvalidConfig, port + "@proto"},
		{forwarded("<b:port host='80' address='::1'/>"), InvalidConfig, port + "@address"},
		{forwarded("<b:port host='80' address='0.0.0.0'/>"), InvalidXML, port + "@address"},
		{forwarded("<b:port host='80' address='web'/>"), InvalidXML, port + "@address"},
		{forwarded("<b:port host='80' address='2001:db8::1'/>"), InvalidConfig, port + "@address"},
		{forwarded("<b:port host='80'/><b:port host='80' address='192.0.2.1'/>"), InvalidXML, port + "[2]@host"},
		{forwarded("<b:port host='80' nosuch=''/>"), InvalidXML, port + "@nosuch"},
		{forwarded(strings.Repeat("<b:port proto='udp' host='80'/>", 2)), InvalidXML, port + "[2]@host"},
		{ifaceXML("<port xmlns='" + berthNamespace + "' host='80'/>"), InvalidConfig, port},
		{alone("<interface type='direct'><source dev='eno1'/><ip address='192.0.2.1'/><port xmlns='" + berthNamespace + "' host='80'/></interface>"), InvalidConfig, port},
		{ifaceXML("<filterref filter='clean-traffic'/>"), InvalidConfig, at + "/filterref"},
		{ifaceXML("<virtualport type='openvswitch'/>"), InvalidConfig, at + "/virtualport"},
		{ifaceXML("<nosuch/>"), InvalidXML, at + "/nosuch"},
		{strings.Replace(ifaceXML(""), "</devices>", "</devices><lxc:namespace xmlns:lxc='"+lxcNamespace+"'><lxc:sharenet type='netns' value='red'/></lxc:namespace>", 1), InvalidConfig, at},
		{alone(strings.Repeat("<interface type='ethernet'/>", maxInterfaces+1)), InvalidConfig, at + "[1024]"},
	}
	list = append(list, refusedAddresses(at)...)
	list = append(list, slices.Concat(refusedBandwidths(at), refusedVLANs(at))...)
	for _, double := range [][2]string{{"mac@address", "<mac address='52:54:00:00:00:01'/>"}, {"target@dev", "<target dev='a'/>"}, {"guest@dev", "<guest dev='a'/>"}} {
		one := "<interface type='ethernet'>" + double[1] + "</interface>"
		list = append(list, refusal{alone(one + one), InvalidXML, at + "[2]/" + double[0]})
	}
	return list
}

// refusedAddresses are of <ip> and <route>.
func refusedAddresses(at string) []refusal {
	up := func(inner string) string { return ifaceXML("<link state='up'/>" + inner) }
	return []refusal{
		{ifaceXML("<ip/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='192.0.2'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='192.0.2.1/24'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='fe80::1%eth0'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='::ffff:192.0.2.1'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='224.0.0.1'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='::'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='192.0.2.1' family='ipv6'/>"), InvalidXML, at + "/ip@address"},
		{ifaceXML("<ip address='192.0.2.1' family='inet'/>"), InvalidXML, at + "/ip@family"},
		{ifaceXML("<ip address='192.0.2.1' prefix='33'/>"), InvalidXML, at + "/ip@prefix"},
		{ifaceXML("<ip address='2001:db8::1' prefix='129'/>"), InvalidXML, at + "/ip@prefix"},
		{ifaceXML("<ip address='192.0.2.1' prefix='-1'/>"), InvalidXML, at + "/ip@prefix"},
		{ifaceXML("<ip address='240.0.0.1'/>"), InvalidXML, at + "/ip@prefix"},
		{ifaceXML("<ip address='192.0.2.1' peer='x'/>"), InvalidXML, at + "/ip@peer"},
		{ifaceXML("<ip address='192.0.2.1' peer='2001:db8::1'/>"), InvalidXML, at + "/ip@peer"},
		{ifaceXML("<ip address='192.0.2.1'/><ip address='192.0.2.1' prefix='8'/>"), InvalidXML, at + "/ip[2]@address"},
		{up("<route address='192.0.2.0' prefix='24'/>"), InvalidXML, at + "/route@gateway"},
		{up("<route gateway='192.0.2.1'/>"), InvalidXML, at + "/route@address"},
		{up("<route address='192.0.2.0' prefix='24' gateway='2001:db8::1'/>"), InvalidXML, at + "/route@gateway"},
		{up("<route address='192.0.2.0' prefix='24' gateway='0.0.0.0'/>"), InvalidXML, at + "/route@gateway"},
		{up("<route address='192.0.2.1' prefix='24' gateway='192.0.2.1'/>"), InvalidXML, at + "/route@address"},
		{up("<route address='192.0.2.0' prefix='33' gateway='192.0.2.1'/>"), InvalidXML, at + "/route@prefix"},
		{up("<route address='192.0.2.0' prefix='24' netmask='255.255.255.0' gateway='192.0.2.1'/>"), InvalidXML, at + "/route@netmask"},
		{up("<route address='192.0.2.0' netmask='255.0.255.0' gateway='192.0.2.1'/>"), InvalidXML, at + "/route@netmask"},
		{up("<route address='2001:db8::' netmask='255.0.0.0' gateway='2001:db8::1'/>"), InvalidXML, at + "/route@netmask"},
		{up("<route address='192.0.2.0' prefix='24' gateway='192.0.2.1' metric='0'/>"), InvalidXML, at + "/route@metric"},
		{up("<route address='192.0.2.0' prefix='24' gateway='192.0.2.1' metric='4294967296'/>"), InvalidXML, at + "/route@metric"},
		{up("<route address='192.0.2.0' prefix='24' gateway='192.0.2.1' family='ipv6'/>"), InvalidXML, at + "/route@address"},
		{ifaceXML("<route address='192.0.2.0' prefix='24' gateway='192.0.2.1'/>"), InvalidConfig, at + "/route"},
	}
}

// TestGuestLinks: unnamed interfaces are eth0, eth1 and so on in their order, without the names that others have.
func TestGuestLinks(t *testing.T) {
	t.Parallel()
	d := &Def{Interfaces: []Interface{{}, {Guest: "eth1"}, {}, {Guest: "lan"}, {}}}
	if got := strings.Join(d.GuestLinks(), " "); got != "eth0 eth1 eth2 lan eth3" {
		t.Error(got)
	}
}

// TestHostLink: a host end that nobody named has a name of its own, which depends on the uuid and the index alone.
func TestHostLink(t *testing.T) {
	t.Parallel()
	d := &Def{UUID: UUID{1}, Interfaces: []Interface{{Type: InterfaceBridge}, {Type: InterfaceBridge}, {Type: InterfaceDirect, Target: "a"}, {Type: InterfaceEthernet, Target: "a"}}}
	first, second := d.HostLink(0), d.HostLink(1)
	if first == second || first != d.HostLink(0) || CheckLinkName("", first) != nil || !chosenName(first) {
		t.Errorf("%q, %q", first, second)
	}
	if d.HostLink(2) != "" || d.HostLink(3) != "a" {
		t.Errorf("%q, %q", d.HostLink(2), d.HostLink(3))
	}
	d.UUID[0] = 2
	if d.HostLink(0) == first {
		t.Error("two containers have one name")
	}
}

// TestChooseMACs: an interface without an address gets one with libvirt's prefix, which nobody else has and which does
// not change.
func TestChooseMACs(t *testing.T) {
	t.Parallel()
	free := func(MAC) bool { return false }
	choose := func(taken func(MAC) bool, given ...MAC) *Def {
		d := &Def{UUID: UUID{1}}
		for _, m := range given {
			d.Interfaces = append(d.Interfaces, Interface{MAC: m})
		}
		if !d.ChooseMACs(taken) || d.ChooseMACs(taken) {
			t.Error("it does not say whether it chose one")
		}
		return d
	}
	first := choose(free, MAC{}, MAC{}).Interfaces
	if first[0].MAC == first[1].MAC || !strings.HasPrefix(first[0].MAC.String(), "52:54:00:") {
		t.Errorf("%s, %s", first[0].MAC, first[1].MAC)
	}
	if again := choose(free, MAC{}, MAC{}).Interfaces; again[0].MAC != first[0].MAC || again[1].MAC != first[1].MAC {
		t.Errorf("%s, %s became %s, %s", first[0].MAC, first[1].MAC, again[0].MAC, again[1].MAC)
	}
	if others := choose(func(m MAC) bool { return m == first[0].MAC }, MAC{}).Interfaces; others[0].MAC == first[0].MAC {
		t.Error("another has it")
	}
	if own := choose(free, MAC{}, first[0].MAC).Interfaces; own[0].MAC == own[1].MAC {
		t.Error("another interface of the definition has it")
	}
}

// TestLiveBridge: the live XML shows the bridge of an interface's network, and reads as the definition without it.
func TestLiveBridge(t *testing.T) {
	t.Parallel()
	d := &Def{UUID: UUID{1}, Interfaces: []Interface{{Type: InterfaceNetwork, Source: "blue"}, {Type: InterfaceBridge, Source: "br0"}}}
	live := d.formatInterfaces(FormatOptions{Live: &Live{Bridges: map[string]string{d.HostLink(0): "br7", d.HostLink(1): "br0"}}})
	if live[0].Source.Bridge != "br7" || live[0].Source.Network != "blue" || live[1].Source.Bridge != "br0" || d.formatInterfaces(FormatOptions{})[0].Source.Bridge != "" {
		t.Errorf("%+v, %+v", live[0].Source, live[1].Source)
	}
}
