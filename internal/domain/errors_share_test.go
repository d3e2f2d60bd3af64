package domain

import "strings"

// refusedShares are of <lxc:namespace>.
func refusedShares() []refusal {
	const lxc = "domain/lxc:namespace/lxc:"
	return []refusal{
		{shareXML("<sharenet value='x'/>"), InvalidXML, lxc + "sharenet@type"},
		{shareXML("<sharenet type='foo' value='x'/>"), InvalidXML, lxc + "sharenet@type"},
		{shareXML("<sharenet type='netns'/>"), InvalidXML, lxc + "sharenet@value"},
		{shareXML("<sharenet type='netns' value='../x'/>"), InvalidXML, lxc + "sharenet@value"},
		{shareXML("<sharenet type='netns' value='..'/>"), InvalidXML, lxc + "sharenet@value"},
		{shareXML("<sharenet type='netns' value='" + strings.Repeat("x", 256) + "'/>"), InvalidXML, lxc + "sharenet@value"},
		{shareXML("<shareipc type='netns' value='red'/>"), InvalidConfig, lxc + "shareipc@type"},
		{shareXML("<shareuts type='pid' value='0'/>"), InvalidXML, lxc + "shareuts@value"},
		{shareXML("<shareuts type='pid' value='-1'/>"), InvalidXML, lxc + "shareuts@value"},
		{shareXML("<shareuts type='pid' value='99999999999'/>"), InvalidXML, lxc + "shareuts@value"},
		{shareXML("<sharepid type='name' value='x'/>"), InvalidXML, lxc + "sharepid"},
	}
}
