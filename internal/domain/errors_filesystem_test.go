package domain

import "strings"

// refusedFilesystems are of <filesystem>.
func refusedFilesystems() []refusal {
	const fs = "domain/devices/filesystem"
	file := func(driver string) string {
		return filesystemXML(" type='file'", "<driver "+driver+"/><source file='/a.img'/><target dir='/a'/>")
	}
	return []refusal{
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
		{file("type='loop' format='qcow2'"), InvalidConfig, fs + "/driver@format"},
		{file("type='nbd'"), InvalidConfig, fs + "/driver@format"},
		{file("type='ploop'"), InvalidConfig, fs + "/driver@type"},
		{file("type='nbd' format='--help'"), InvalidXML, fs + "/driver@format"},
		{file("type='nbd' format='raw,x=y'"), InvalidXML, fs + "/driver@format"},
		{with("<devices>" + strings.Repeat("<filesystem type='file'><source file='/a.img'/><target dir='/a'/></filesystem>", maxImages+1) + "</devices>"), InvalidConfig, fs + "[241]"},
		{file("wrpolicy='later'"), InvalidXML, fs + "/driver@wrpolicy"},
	}
}
