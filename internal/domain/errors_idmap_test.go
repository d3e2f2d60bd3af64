package domain

import (
	"fmt"
	"strings"
)

// refusedIDMaps are of <idmap>.
func refusedIDMaps() []refusal {
	const uid = "domain/idmap/uid"
	ranges := func(n, base int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<uid start='%d' target='%d' count='1'/>", i, base+2*i)
		}
		return b.String()
	}
	return []refusal{
		{with("<idmap><uid start='0' target='1000' count='10'/></idmap>"), InvalidConfig, "domain/idmap"},
		{with("<idmap><gid start='0' target='1000' count='10'/></idmap>"), InvalidConfig, "domain/idmap"},
		{strings.Replace(idmapXML("<uid start='0' target='1000' count='10'/>"), "<target dir='/'/>", "<target dir='/srv'/>", 1), InvalidConfig, "domain/idmap"},
		{strings.Replace(idmapXML("<uid start='0' target='1000' count='10'/>"), "/srv/root", "//", 1), InvalidConfig, "domain/idmap"},
		{extensionXML("<idmap mode='auto'/>"), InvalidConfig, "domain/berth:container/berth:idmap"},
		{idmapXML("<uid start='1' target='1000' count='10'/>"), InvalidConfig, uid},
		{idmapXML("<uid target='1000' count='10'/>"), InvalidXML, uid + "@start"},
		{idmapXML("<uid start='0' count='10'/>"), InvalidXML, uid + "@target"},
		{idmapXML("<uid start='0' target='1000'/>"), InvalidXML, uid + "@count"},
		{idmapXML("<uid start='0' target='1000' count='0'/>"), InvalidXML, uid + "@count"},
		{idmapXML("<uid start='0' target='-5' count='1'/>"), InvalidXML, uid + "@target"},
		{idmapXML("<uid start='0' target='4294967290' count='6'/>"), InvalidXML, uid},
		{idmapXML("<uid start='0' target='4294967296' count='1'/>"), InvalidXML, uid},
		{idmapXML("<uid start='0' target='1' count='18446744073709551615'/>"), InvalidXML, uid},
		{idmapXML("<uid start='0' target='0' count='4294967296'/>"), InvalidXML, uid},
		{idmapXML("<uid start='0' target='1000' count='10'/><uid start='9' target='5000' count='1'/>"), InvalidXML, uid + "[2]@start"},
		{idmapXML("<uid start='0' target='1000' count='10'/><uid start='10' target='1009' count='1'/>"), InvalidXML, uid + "[2]@target"},
		{idmapXML("<uid start='0' target='1000' count='10'/><uid start='0' target='1000' count='10'/>"), InvalidXML, uid + "[2]@target"},
		{idmapXML(ranges(maxRanges+1, 0)), InvalidXML, uid + "[341]"},
		{idmapXML(ranges(maxRanges, 1000000000)), InvalidXML, uid + "[1]"},
	}
}
