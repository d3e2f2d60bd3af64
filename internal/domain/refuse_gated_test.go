package domain

import (
	"fmt"
	"strings"
)

// refusedBehindTheGate are of elements that are not served yet.
func refusedBehindTheGate() []refusal {
	const (
		fs  = "domain/devices/filesystem"
		uid = "domain/idmap/uid"
	)
	file := func(driver string) string {
		return filesystemXML(" type='file'", "<driver "+driver+"/><source file='/a.img'/><target dir='/a'/>")
	}
	ranges := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<uid start='%d' target='%d' count='1'/>", i, 2*i)
		}
		return b.String()
	}
	return []refusal{
		{with("<idmap><uid start='0' target='1000' count='10'/></idmap>"), InvalidConfig, "domain/idmap"},
		{with("<idmap><gid start='0' target='1000' count='10'/></idmap>"), InvalidConfig, "domain/idmap"},
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
		{idmapXML("<uid start='0' target='1000' count='10'/><uid start='9' target='5000' count='1'/>"), InvalidXML, uid + "@start"},
		{idmapXML("<uid start='0' target='1000' count='10'/><uid start='10' target='1009' count='1'/>"), InvalidXML, uid + "@target"},
		{idmapXML("<uid start='0' target='1000' count='10'/><uid start='0' target='1000' count='10'/>"), InvalidXML, uid + "@target"},
		{idmapXML(ranges(maxRanges + 1)), InvalidXML, uid},
		{filesystemXML(" type='ram'", "<source/><target dir='/a'/>"), InvalidXML, fs + "/source@usage"},
		{filesystemXML(" type='ram'", "<source usage='0'/><target dir='/a'/>"), InvalidXML, fs + "/source@usage"},
		{filesystemXML(" type='ram'", "<source usage='1' unit='M'/><target dir='/a'/>"), InvalidXML, fs + "/source@unit"},
		{filesystemXML(" type='ram'", "<source usage='1' units='x'/><target dir='/a'/>"), InvalidXML, fs + "/source@units"},
		{filesystemXML(" type='ram'", "<source usage='1' dir='/x'/><target dir='/a'/>"), InvalidXML, fs + "/source@dir"},
		{filesystemXML(" type='ram'", "<source usage='1'/><target dir='/'/>"), InvalidConfig, fs + "@type"},
		{filesystemXML(" type='bind'", "<source dir='/x'/><target dir='/.'/>"), InvalidConfig, fs + "@type"},
		{filesystemXML(" type='block'", "<source dir='/x'/><target dir='/a'/>"), InvalidXML, fs + "/source@dir"},
		{filesystemXML(" type='block'", "<source dev='vda'/><target dir='/a'/>"), InvalidXML, fs + "/source@dev"},
		{filesystemXML(" type='file'", "<source dev='/dev/x'/><target dir='/a'/>"), InvalidXML, fs + "/source@dev"},
		{filesystemXML(" type='template'", "<source name='x'/><target dir='/a'/>"), InvalidConfig, fs + "@type"},
		{filesystemXML(" type='volume'", "<source pool='p' volume='v'/><target dir='/a'/>"), InvalidConfig, fs + "@type"},
		{filesystemXML(" type=''", "<source dir='/x'/><target dir='/a'/>"), InvalidConfig, fs + "@type"},
		{filesystemXML("", "<driver type='nbd'/><source dir='/x'/><target dir='/a'/>"), InvalidConfig, fs + "/driver@type"},
		{filesystemXML("", "<driver format='qcow2'/><source dir='/x'/><target dir='/a'/>"), InvalidConfig, fs + "/driver@format"},
		{filesystemXML("", "<driver queue='1'/><source dir='/x'/><target dir='/a'/>"), InvalidConfig, fs + "/driver@queue"},
		{file("type='loop' format='qcow2'"), InvalidConfig, fs + "/driver@format"},
		{file("type='nbd'"), InvalidConfig, fs + "/driver@format"},
		{file("type='ploop'"), InvalidConfig, fs + "/driver@type"},
		{file("type='nbd' format='--help'"), InvalidXML, fs + "/driver@format"},
		{file("type='nbd' format='raw,x=y'"), InvalidXML, fs + "/driver@format"},
		{file("wrpolicy='later'"), InvalidXML, fs + "/driver@wrpolicy"},
	}
}
