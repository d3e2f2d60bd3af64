package domain

import "testing"

// nicXML is a NIC of the host, and more in its element.
func nicXML(name, more string) string {
	return "<hostdev mode='capabilities' type='net'><source><interface>" + name + "</interface></source>" + more + "</hostdev>"
}

// refusedNICs are of <hostdev type='net'>.
func refusedNICs() []refusal {
	const at = "domain/devices/hostdev"
	in := func(text string) string { return with("<devices>" + text + "</devices>") }
	return []refusal{
		{in(nicXML("", "")), InvalidXML, at + "/source/interface"},
		{in(nicXML("a/b", "")), InvalidXML, at + "/source/interface"},
		{in(nicXML("lo", "")), InvalidXML, at + "/source/interface"},
		{in(nicXML("lan0", "") + nicXML("lan0", "")), InvalidXML, at + "[2]/source/interface"},
		{in("<interface type='ethernet'><guest dev='lan0'/></interface>" + nicXML("lan0", "")), InvalidXML, at + "/source/interface"},
		{in(nicXML("lan0", "<ip address='x'/>")), InvalidXML, at + "/ip@address"},
		{in(nicXML("lan0", "<route address='0.0.0.0' gateway='192.0.2.1'/>")), InvalidConfig, at + "/route"},
		{in("<hostdev mode='capabilities' type='net'><source><char>/dev/x</char></source></hostdev>"), InvalidXML, at + "/source/char"},
		{in("<hostdev mode='capabilities' type='misc'><source><char>/dev/x</char><interface>lan0</interface></source></hostdev>"), InvalidXML, at + "/source/interface"},
		{in("<hostdev mode='capabilities' type='misc'><source><char>/dev/x</char></source><ip address='192.0.2.1'/></hostdev>"), InvalidXML, at + "/ip"},
		{with("<devices>" + nicXML("lan0", "") + "</devices><lxc:namespace xmlns:lxc='" + lxcNamespace + "'><lxc:sharenet type='netns' value='red'/></lxc:namespace>"), InvalidConfig, at},
		{in("<interface type='hostdev'/>"), InvalidConfig, "domain/devices/interface@type"},
	}
}

// TestNamesBesideNICs: an interface that has no name gets none that a NIC of the host brings along.
func TestNamesBesideNICs(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(with("<devices><interface type='ethernet'/>" + nicXML("eth0", "") + "</devices>")))
	if err != nil || d.GuestLinks()[0] != "eth1" || !d.HasLinks() {
		t.Errorf("%v, %v", d, err)
	}
}
