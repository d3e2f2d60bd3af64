package domain

import "strings"

// refusedDevices are of <disk>, <hostdev> and <timer>.
func refusedDevices() []refusal {
	const host, disk, timer = "domain/devices/hostdev", "domain/devices/disk", "domain/clock/timer"
	device := func(attr, source string) string {
		return with("<devices><hostdev " + attr + "><source>" + source + "</source></hostdev></devices>")
	}
	misc := func(source string) string { return device("mode='capabilities' type='misc'", source) }
	storage := func(source string) string { return device("mode='capabilities' type='storage'", source) }
	usb := func(source string) string { return device("mode='subsystem' type='usb'", source) }
	medium := func(attr, inner string) string {
		return with("<devices><disk " + attr + ">" + inner + "</disk></devices>")
	}
	vda := func(more string) string {
		return medium("type='block'", "<source dev='/dev/x'/><target dev='vda'/>"+more)
	}
	clock := func(timers string) string { return with("<clock offset='utc'>" + timers + "</clock>") }
	return []refusal{
		{with("<devices><hostdev/></devices>"), InvalidConfig, host + "@type"},
		{device("mode='paravirt'", ""), InvalidXML, host + "@mode"},
		{device("mode='subsystem' type='pci'", ""), InvalidConfig, host + "@type"},
		{device("mode='subsystem' type='pci'", "<address domain='0' bus='6' slot='2' function='0'/>"), InvalidConfig, host + "/source/address@domain"},
		{device("mode='capabilities' type='usb'", ""), InvalidConfig, host + "@type"},
		{with("<devices><hostdev mode='capabilities' type='misc'/></devices>"), InvalidXML, host + "/source"},
		{misc(""), InvalidXML, host + "/source/char"},
		{misc("<char>tun</char>"), InvalidXML, host + "/source/char"},
		{misc("<char>/dev/../etc/passwd</char>"), InvalidXML, host + "/source/char"},
		{misc("<char>/srv/tun</char>"), InvalidConfig, host + "/source/char"},
		{misc("<char>/dev</char>"), InvalidConfig, host + "/source/char"},
		{misc("<char>/dev/fuse</char><block>/dev/sda</block>"), InvalidXML, host + "/source/block"},
		{misc("<block>/dev/sda</block>"), InvalidXML, host + "/source/block"},
		{misc("<char>/dev/null</char>"), InvalidConfig, host + "/source/char"},
		{misc("<char>/dev/pts/0</char>"), InvalidConfig, host + "/source/char"},
		{misc("<char>/dev/tty1</char>"), InvalidConfig, host + "/source/char"},
		{storage("<char>/dev/fuse</char>"), InvalidXML, host + "/source/char"},
		{storage("<block>/dev/a</block><vendor id='1'/>"), InvalidXML, host + "/source/vendor"},
		{device("mode='capabilities' type='misc' managed='maybe'", "<char>/dev/fuse</char>"), InvalidXML, host + "@managed"},
		{with("<devices>" + strings.Repeat("<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>", 2) + "</devices>"), InvalidConfig, host + "[2]/source/char"},
		{with("<devices>" + strings.Repeat("<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>", maxDevices+1) + "</devices>"), InvalidConfig, host + "[129]"},
		{usb(""), InvalidXML, host + "/source"},
		{usb("<vendor id='1'/>"), InvalidXML, host + "/source"},
		{usb("<vendor id='0'/><product id='1'/>"), InvalidXML, host + "/source/vendor@id"},
		{usb("<vendor id='1'/><product id='0x10000'/>"), InvalidXML, host + "/source/product@id"},
		{usb("<vendor id='1'/><product id='1_0'/>"), InvalidXML, host + "/source/product@id"},
		{usb("<address bus='0' device='1'/>"), InvalidXML, host + "/source/address@bus"},
		{usb("<address bus='1'/>"), InvalidXML, host + "/source/address@device"},
		{usb("<char>/dev/fuse</char><address bus='1' device='1'/>"), InvalidXML, host + "/source/char"},
		{with("<devices><hostdev type='usb'><source startupPolicy='later'><address bus='1' device='1'/></source></hostdev></devices>"), InvalidXML, host + "/source@startupPolicy"},
		{with("<devices><hostdev type='usb' managed='1'><source><address bus='1' device='1'/></source></hostdev></devices>"), InvalidXML, host + "@managed"},

		{with("<devices><disk/></devices>"), InvalidConfig, disk + "/source"},
		{medium("type='network'", "<target dev='vda'/>"), InvalidConfig, disk + "@type"},
		{medium("device='cdrom'", "<source file='/a'/><target dev='hda'/>"), InvalidConfig, disk + "@device"},
		{medium("", "<target dev='vda'/>"), InvalidConfig, disk + "/source"},
		{medium("", "<source/><target dev='vda'/>"), InvalidXML, disk + "/source@file"},
		{medium("", "<source dev='/dev/x' file='/a'/><target dev='vda'/>"), InvalidXML, disk + "/source@dev"},
		{medium("type='block'", "<source file='/a'/><target dev='vda'/>"), InvalidXML, disk + "/source@file"},
		{medium("type='block'", "<source dev='sda'/><target dev='vda'/>"), InvalidXML, disk + "/source@dev"},
		{medium("type='block'", "<source dev='/dev/sda'/><target dev='../vda'/>"), InvalidXML, disk + "/target@dev"},
		{medium("type='block'", "<source dev='/dev/sda'/><target dev='null'/>"), InvalidXML, disk + "/target@dev"},
		{medium("type='block'", "<source dev='/dev/sda'/><target dev='vda' bus='bus'/>"), InvalidXML, disk + "/target@bus"},
		{medium("", "<driver name='nbd' type='qcow2'/><source file='/a'/><target dev='vda'/>"), InvalidConfig, disk + "/driver@type"},
		{medium("", "<driver name='nbd' type='raw'/><source file='/a'/><target dev='vda'/>"), InvalidConfig, disk + "/driver@name"},
		{vda("<driver name='loop'/>"), InvalidConfig, disk + "/driver@name"},
		{strings.Replace(vda(""), "</disk>", "</disk><disk type='block'><source dev='/dev/y'/><target dev='vda'/></disk>", 1), InvalidConfig, disk + "[2]/target@dev"},
		{strings.Replace(vda(""), "</disk>", "</disk><hostdev mode='capabilities' type='storage'><source><block>/dev/vda/x</block></source></hostdev>", 1), InvalidConfig, host + "/source/block"},

		{clock("<timer/>"), InvalidXML, timer + "@name"},
		{clock("<timer name='sundial'/>"), InvalidXML, timer + "@name"},
		{clock("<timer name='rtc' present='maybe'/>"), InvalidXML, timer + "@present"},
		{clock("<timer name='rtc' tickpolicy='x'/>"), InvalidXML, timer + "@tickpolicy"},
		{clock("<timer name='rtc' track='x'/>"), InvalidXML, timer + "@track"},
		{clock("<timer name='rtc'/><timer name='rtc'/>"), InvalidXML, timer + "[2]@name"},
		{strings.Replace(misc("<char>/dev/rtc</char>"), "<devices>", "<clock offset='localtime'><timer name='rtc'/></clock><devices>", 1), InvalidConfig, host + "/source/char"},
	}
}
