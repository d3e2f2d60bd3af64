package domain

import "testing"

// refusedBandwidths are of <bandwidth>.
func refusedBandwidths(at string) []refusal {
	at += "/bandwidth"
	in := func(attrs string) string { return ifaceXML("<bandwidth><inbound " + attrs + "/></bandwidth>") }
	return []refusal{
		{in(""), InvalidXML, at + "/inbound@average"},
		{in("average='0'"), InvalidXML, at + "/inbound@average"},
		{in("average='500000001'"), InvalidXML, at + "/inbound@average"},
		{in("average='-1'"), InvalidXML, at + "/inbound@average"},
		{in("average='100' peak='99'"), InvalidXML, at + "/inbound@peak"},
		{in("average='100' burst='4000001'"), InvalidXML, at + "/inbound@burst"},
		{in("average='1' burst='1000'"), InvalidXML, at + "/inbound@burst"},
		{in("average='100' floor='10'"), InvalidConfig, at + "/inbound@floor"},
		{ifaceXML("<bandwidth><outbound average='x'/></bandwidth>"), InvalidXML, at + "/outbound@average"},
		{ifaceXML("<bandwidth><sideways average='1'/></bandwidth>"), InvalidXML, at + "/sideways"},
		{with("<devices><interface type='direct'><source dev='eno1'/><bandwidth><inbound average='1'/></bandwidth></interface></devices>"), InvalidConfig, at},
	}
}

// TestEmptyBandwidth: a <bandwidth> without a limit limits nothing.
func TestEmptyBandwidth(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(ifaceXML("<bandwidth/>")))
	if err != nil || d.Interfaces[0].Bandwidth != (IfaceBandwidth{}) {
		t.Errorf("%+v, %v", d, err)
	}
}
