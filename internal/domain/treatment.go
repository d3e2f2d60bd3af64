package domain

import (
	"slices"
	"strings"
	"sync"
)

// treatmentText says what becomes of each element and attribute of libvirt's that has no effect in a container, or that
// a container cannot have: the reason (a key of reasons), the parent, and its children. "@" marks an attribute; an
// element whose name ends in "+" may appear several times. "@NAME=A|B" means these values of an attribute only.
//
// What is in schemaText and not here has its effect. What is in neither is in no version of libvirt: it is a typing
// error, and is refused as unknown. It was measured with libvirt 9.0 what its LXC driver does with each.
const treatmentText = `
machine domain: memoryBacking cpu pm perf iothreads iothreadids sysinfo+ bootloader bootloader_args genid
machine domain: keywrap launchSecurity on_lockfailure
newer   domain: iommufd defaultiothread hwuuid throttlegroups
refused domain: maxMemory vcpus
run     domain: @id
written domain: currentMemory vcpu
machine domain/memory: @dumpCore
machine domain/vcpu: @current
machine domain/cputune: global_period global_quota emulator_period emulator_quota iothread_period iothread_quota
machine domain/cputune: vcpupin emulatorpin iothreadpin+ emulatorsched vcpusched+ iothreadsched+ cachetune+ memorytune+
machine domain/numatune: memnode+
machine domain/resource: fibrechannel
dropped domain/os: loader nvram boot bootmenu bios kernel initrd acpi firmware @firmware varstore shim root dtb
machine domain/os: smbios
machine domain/os/type: @machine
machine domain/features: acpi apic pae hap viridian hyperv kvm pvspinlock pmu vmport gic smm ioapic hpt vmcoreinfo htm nested-hv
machine domain/features: msrs ccf-assist xen cfpc sbbc ibs tcg
newer   domain/features: async-teardown ras ps2 aia virtualization
clock   domain/clock: @offset=variable|timezone|absolute
clock   domain/clock: @adjustment @basis @timezone @start
machine domain/clock/timer: @name=pit|platform|tsc|kvmclock|hypervclock|armvtimer @tickpolicy @track @frequency @mode catchup
written domain/devices: emulator
machine domain/devices: controller+ smartcard+ serial+ parallel+ channel+ tpm+ graphics+ sound+ audio+ video+ redirdev+
machine domain/devices: redirfilter hub+ watchdog+ memballoon rng+ nvram panic+ shmem+ iommu vsock
newer   domain/devices: crypto+ pstore
refused domain/devices: input memory
locks   domain/devices: lease
written domain/devices/disk: @device
machine domain/devices/disk: backingStore backenddomain geometry blockio iotune shareable serial wwn vendor product boot address
machine domain/devices/disk: @model @rawio @sgio @snapshot
newer   domain/devices/disk: throttlefilters acpi
run     domain/devices/disk: mirror alias
forgets domain/devices/disk: transient
secrets domain/devices/disk: auth encryption
machine domain/devices/disk/driver: @name=phy|qemu @cache @error_policy @rerror_policy @io @ioeventfd @event_idx @copy_on_read @discard @iothread
machine domain/devices/disk/driver: @detect_zeroes @queues @iommu @ats @packed @page_per_vq metadata_cache
newer   domain/devices/disk/driver: @discard_no_unref @queue_size iothreads statistics
machine domain/devices/disk/source: @startupPolicy reservations
run     domain/devices/disk/source: @index
partly  domain/devices/disk/source: slices
labels  domain/devices/disk/source: seclabel
secrets domain/devices/disk/source: encryption
written domain/devices/disk/target: @bus
machine domain/devices/disk/target: @tray @removable @rotation_rate
newer   domain/devices/disk/target: @dpofua
machine domain/devices/filesystem: @accessmode=mapped|squash @model @multidevs @fmode @dmode
machine domain/devices/filesystem: binary space_hard_limit space_soft_limit boot address
newer   domain/devices/filesystem: idmap acpi
run     domain/devices/filesystem: alias
machine domain/devices/filesystem/driver: @wrpolicy @queue @name @iommu @ats @packed @page_per_vq
machine domain/devices/filesystem/driver: @type=path|handle|virtiofs
foreign domain/devices/filesystem/source: @socket @startupPolicy address
machine domain/devices/interface: @trustGuestRxFilters backenddomain driver backend teaming tune coalesce boot rom acpi address
run     domain/devices/interface: alias
machine domain/devices/interface/mac: @type @check
run     domain/devices/interface/mac: @currentAddress
run     domain/devices/interface/source: @portid
foreign domain/devices/interface/source: address local reconnect @address @port @name @path @type @startupPolicy
hostend domain/devices/interface/source: ip route
refused domain/devices/interface/target: @managed
run     domain/devices/interface/guest: @actual
machine domain/devices/interface/model: @type
refused domain/devices/interface: script downscript
ports   domain/devices/interface: portForward @managed
filter  domain/devices/interface: filterref
switch  domain/devices/interface: virtualport
rate    domain/devices/interface/bandwidth/inbound: @floor
refused domain/devices/interface/bandwidth/outbound: @floor
run     domain/devices/console: @tty source alias
machine domain/devices/console: log acpi address
written domain/devices/console/target: @type @port
foreign domain/devices/console: protocol
foreign domain/devices/console/source: @append @mode @host @service @channel @master @slave @tls seclabel reconnect
written domain/devices/hostdev: @managed
machine domain/devices/hostdev: @sgio @rawio @model @display @ramfb driver teaming boot rom acpi address
run     domain/devices/hostdev: alias
sharing domain/devices/hostdev: readonly shareable
foreign domain/devices/hostdev/source: adapter @protocol @name @wwpn @writeFiltering @guestReset
refused domain/devices/hostdev/source/address: @domain @slot @function @target @unit @uuid
run     domain/seclabel: imagelabel
`

// reason says what becomes of an element or attribute, and why.
type reason struct {
	kept bool   // it is in the definition again
	warn bool   // who defines it is told that it has no effect
	text string // of a warning or an error
}

// reasons are the first words of treatmentText. Nobody writes to the map.
var reasons = sync.OnceValue(makeReasons) //nolint:gochecknoglobals // a constant in all but name

func makeReasons() map[string]reason {
	kept := func(text string) reason { return reason{kept: true, warn: true, text: text} }
	return map[string]reason{
		"machine": kept("it is of virtual machines, and libvirt gives it no effect in a container either"),
		"newer":   kept("it is of a libvirt newer than 9.0, and of virtual machines"),
		"clock":   kept("a container has the host's clock, with libvirt as well"),
		"written": {kept: true, text: "libvirt writes it into each definition"},
		"run":     {text: "it is of a running container, and a definition does not keep it"},
		"refused": {text: "libvirt refuses it in a container as well"},
		"dropped": {text: "libvirt drops it in silence, so nothing is lost without it"},
		"foreign": {text: "it is of a type that a container cannot have"},
		"locks":   {text: "nothing takes the lock, so that the container could run twice; nor does libvirt in a container"},
		"forgets": {text: "what the container writes would stay, as it does with libvirt"},
		"secrets": {text: "nothing decrypts the disk or logs in to where it is; nor does libvirt in a container"},
		"partly":  {text: "the container would get the whole file, as it does with libvirt"},
		"labels":  {text: "the file would not get the label; nor does it with libvirt. <seclabel> of the container has relabel='yes'"},
		"sharing": {text: "nothing would keep the container from writing, or others from the device; libvirt drops it in silence"},
		"hostend": {text: "the host's end would not get the address or route; give it to the bridge"},
		"ports":   {text: "no port would be forwarded; <berth:port> in the interface does that"},
		"rate":    {text: "Berth guarantees no interface a rate; without it the interface is limited by the average and the peak all the same"},
		"filter":  {text: "without it nothing keeps from the interface, or from others, what libvirt would have kept from them"},
		"switch":  {text: "without it the interface can be on a bridge of Linux only"},
	}
}

// notSupported returns the sentence about an element or attribute, and what is lost without it.
func notSupported(what, why string) string {
	text := "this version of Berth does not support this " + what
	if r, known := reasons()[why]; known {
		text += "; " + r.text
	}
	return text
}

// readTreatment enters treatmentText into the schema. An element or attribute that is there already has a type of its
// own.
func (n *node) readTreatment(table string) {
	order := 0
	for line := range strings.Lines(table) {
		before, names, _ := strings.Cut(line, ":")
		why, parent, _ := strings.Cut(before, " ")
		at := n.make(strings.TrimSpace(parent))
		for name := range strings.FieldsSeq(names) {
			order++
			if attr, is := strings.CutPrefix(name, "@"); is {
				attr, values, some := strings.Cut(attr, "=")
				rule, own := at.attrs[attr]
				rule.why, rule.own, rule.order = why, own, order
				if some {
					rule.idle = strings.Split(values, "|")
				}
				at.attrs[attr] = rule
				continue
			}
			name, many := strings.CutSuffix(name, "+")
			own := at.children[name] != nil
			child := at.make(name)
			if child.why, child.own = why, own; !own {
				child.many = many
			}
		}
	}
}

// idleValue reports whether a value of an attribute has no effect.
func (r attrRule) idleValue(value string) bool {
	return r.idle == nil || slices.Contains(r.idle, value)
}
