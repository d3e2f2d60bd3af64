package domain

import (
	"strings"
	"sync"
)

// schemaText lists the elements of domain XML that a container can have, one a line: the path, then
// the attributes. An element whose path ends in "+" may appear several times. After the attributes:
//
//	text     it holds text
//	number   it holds an unsigned number
//	NAME#    the attribute NAME holds an unsigned number
//	NAME!    the attribute NAME must not be empty
//	any      its content is kept verbatim and not checked
//	caps     its children are named after capabilities
//
// treatmentText (treatment.go) has the other elements that libvirt knows, and says which of these have no effect.
const schemaText = `
domain                                    type id
domain/name                               text
domain/uuid                               text
domain/title                              text
domain/description                        text
domain/metadata                           any
domain/memory                             unit dumpCore number
domain/currentMemory                      unit number
domain/memtune
domain/memtune/hard_limit                 unit number
domain/memtune/soft_limit                 unit number
domain/memtune/swap_hard_limit            unit number
domain/memtune/min_guarantee              unit number
domain/vcpu                               placement current# cpuset! number
domain/cputune
domain/cputune/shares                     number
domain/cputune/period                     number
domain/cputune/quota                      text
domain/cputune/global_period              number
domain/cputune/global_quota               text
domain/cputune/emulator_period            number
domain/cputune/emulator_quota             text
domain/cputune/iothread_period            number
domain/cputune/iothread_quota             text
domain/cputune/vcpupin+                   vcpu# cpuset
domain/cputune/emulatorpin                cpuset
domain/blkiotune
domain/blkiotune/weight                   number
domain/blkiotune/device+
domain/blkiotune/device/path              text
domain/blkiotune/device/weight            number
domain/blkiotune/device/read_iops_sec     number
domain/blkiotune/device/write_iops_sec    number
domain/blkiotune/device/read_bytes_sec    number
domain/blkiotune/device/write_bytes_sec   number
domain/numatune
domain/numatune/memory                    mode nodeset placement
domain/resource
domain/resource/partition                 text
domain/resource/fibrechannel              appid
domain/os
domain/os/type                            arch text
domain/os/init                            text
domain/os/initarg+                        text
domain/os/initenv+                        name text
domain/os/initdir                         text
domain/os/inituser                        text
domain/os/initgroup                       text
domain/os/cmdline                         text
domain/idmap
domain/idmap/uid+                         start# target# count#
domain/idmap/gid+                         start# target# count#
domain/features
domain/features/privnet
domain/features/acpi
domain/features/apic                      eoi
domain/features/pae
domain/features/capabilities              policy caps
domain/clock                              offset adjustment basis timezone start
domain/clock/timer+                       name present tickpolicy track
domain/on_poweroff                        text
domain/on_reboot                          text
domain/on_crash                           text
domain/devices
domain/devices/emulator                   text
domain/devices/disk+                      type device
domain/devices/disk/driver                name type
domain/devices/disk/source                file dev
domain/devices/disk/target                dev bus
domain/devices/disk/readonly
domain/devices/disk/alias                 name
domain/devices/filesystem+                type accessmode
domain/devices/filesystem/driver          type format wrpolicy
domain/devices/filesystem/source          dir file dev usage# units name pool volume
domain/devices/filesystem/target          dir
domain/devices/filesystem/readonly
domain/devices/filesystem/space_hard_limit unit number
domain/devices/filesystem/space_soft_limit unit number
domain/devices/filesystem/alias           name
domain/devices/interface+                 type
domain/devices/interface/mac              address
domain/devices/interface/source           network portgroup bridge dev mode
domain/devices/interface/vlan             trunk
domain/devices/interface/vlan/tag+        id# nativeMode
domain/devices/interface/bandwidth
domain/devices/interface/bandwidth/inbound  average# peak# burst#
domain/devices/interface/bandwidth/outbound average# peak# burst#
domain/devices/interface/ip+              address family prefix# peer
domain/devices/interface/route+           family address prefix# netmask gateway metric#
domain/devices/interface/target           dev
domain/devices/interface/guest            dev actual
domain/devices/interface/model            type
domain/devices/interface/link             state
domain/devices/interface/mtu              size#
domain/devices/interface/port             isolated
domain/devices/interface/alias            name
domain/devices/interface/berth:port+      proto host# guest# address
domain/devices/console+                   type tty
domain/devices/console/source             path
domain/devices/console/target             type port#
domain/devices/console/alias              name
domain/devices/hostdev+                   mode type managed
domain/devices/hostdev/source             startupPolicy
domain/devices/hostdev/source/block       text
domain/devices/hostdev/source/char        text
domain/devices/hostdev/source/vendor      id
domain/devices/hostdev/source/product     id
domain/devices/hostdev/source/address     bus device
domain/devices/hostdev/source/interface   text
domain/devices/hostdev/ip+                address family prefix# peer
domain/devices/hostdev/route+             family address prefix# netmask gateway metric#
domain/devices/hostdev/alias              name
domain/seclabel+                          type model relabel
domain/seclabel/label                     text
domain/seclabel/imagelabel                text
domain/seclabel/baselabel                 text
domain/lxc:namespace
domain/lxc:namespace/lxc:sharenet         type value
domain/lxc:namespace/lxc:shareipc         type value
domain/lxc:namespace/lxc:shareuts         type value
domain/berth:container
domain/berth:container/berth:idmap        mode
domain/berth:container/berth:no_new_privs
domain/berth:container/berth:seccomp      profile
domain/berth:container/berth:shutdown     signal timeout#
domain/berth:container/berth:journal+     console#
domain/berth:container/berth:notify
domain/berth:container/berth:pids         max#
domain/berth:container/berth:protect      memory# unit
domain/berth:container/berth:idle
domain/berth:container/berth:take_default_route
domain/berth:container/berth:owner        uid#
domain/berth:container/berth:latency+     path usec#
domain/berth:container/berth:rlimit+      name soft hard
`

// everything, as a value in the gate, stands for an element, or for all values of an attribute.
const everything = "*"

// notYetSupported returns the gate: elements, attributes and values of schemaText that are understood
// but not supported yet. To support one, delete its line. At present there are none.
func notYetSupported() map[string]string {
	return map[string]string{}
}

// node is one element of the schema.
type node struct {
	attrs    map[string]attrRule
	children map[string]*node
	many     bool
	text     bool
	number   bool
	any      bool
	caps     bool
	why      string // the reason in treatmentText, if it is there
	own      bool   // it is in schemaText
}

// attrRule is one attribute of the schema.
type attrRule struct {
	number bool
	full   bool     // it must not be empty
	why    string   // as of an element
	own    bool     // as of an element
	idle   []string // the values without an effect; nil means all
	order  int      // the place in treatmentText
}

// schema returns the parsed table. Nobody writes to it.
var schema = sync.OnceValue(func() *node { return parseSchema(schemaText, treatmentText) }) //nolint:gochecknoglobals // a constant in all but name

func parseSchema(own, treatment string) *node {
	top := &node{children: map[string]*node{}}
	for line := range strings.Lines(own) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		path, many := strings.CutSuffix(fields[0], "+")
		n := top.make(path)
		n.many, n.own = many, true
		for _, word := range fields[1:] {
			switch word {
			case "text":
				n.text = true
			case "number":
				n.text, n.number = true, true
			case "any":
				n.any = true
			case "caps":
				n.caps = true
			default:
				name, number := strings.CutSuffix(word, "#")
				name, full := strings.CutSuffix(name, "!")
				n.attrs[name] = attrRule{number: number, full: full, own: true}
			}
		}
	}
	top.readTreatment(treatment)
	return top
}

func (n *node) make(path string) *node {
	for name := range strings.SplitSeq(path, "/") {
		next := n.children[name]
		if next == nil {
			next = &node{attrs: map[string]attrRule{}, children: map[string]*node{}}
			n.children[name] = next
		}
		n = next
	}
	return n
}
