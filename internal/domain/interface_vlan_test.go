package domain

import "testing"

// refusedVLANs are of <vlan>.
func refusedVLANs(at string) []refusal {
	at += "/vlan"
	tags := func(text string) string { return ifaceXML("<vlan>" + text + "</vlan>") }
	return []refusal{
		{tags(""), InvalidXML, at + "/tag"},
		{tags("<tag/>"), InvalidXML, at + "/tag@id"},
		{tags("<tag id='0'/>"), InvalidXML, at + "/tag@id"},
		{tags("<tag id='4095'/>"), InvalidXML, at + "/tag@id"},
		{tags("<tag id='x'/>"), InvalidXML, at + "/tag@id"},
		{tags("<tag id='7'/><tag id='7'/>"), InvalidXML, at + "/tag[2]@id"},
		{tags("<tag id='7' nativeMode='maybe'/>"), InvalidXML, at + "/tag@nativeMode"},
		{tags("<tag id='7' nativeMode='tagged'/><tag id='8' nativeMode='tagged'/>"), InvalidXML, at + "/tag[2]@nativeMode"},
		{ifaceXML("<vlan trunk='no'><tag id='7'/><tag id='8'/></vlan>"), InvalidXML, at + "@trunk"},
		{ifaceXML("<vlan trunk='maybe'><tag id='7'/></vlan>"), InvalidXML, at + "@trunk"},
		{with("<devices><interface type='ethernet'><vlan><tag id='7'/></vlan></interface></devices>"), InvalidConfig, at},
		{with("<devices><interface type='direct'><source dev='eno1'/><vlan><tag id='7'/></vlan></interface></devices>"), InvalidConfig, at},
	}
}

// TestTrunk: a port with several tags or a native VLAN is a trunk, and one with one tag only if it says so.
func TestTrunk(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"<vlan><tag id='7'/></vlan>": false, "<vlan trunk='no'><tag id='7'/></vlan>": false, "<vlan trunk='yes'><tag id='7'/></vlan>": true,
		"<vlan><tag id='7'/><tag id='8'/></vlan>": true, "<vlan><tag id='7' nativeMode='tagged'/></vlan>": true,
	} {
		d, err := Parse([]byte(ifaceXML(text)))
		if err != nil || d.Interfaces[0].VLAN.Trunk != want {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
}
