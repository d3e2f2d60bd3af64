package domain

import "strings"

// foreignText lists the elements that libvirt knows and Berth does not support, by their parent. An
// "@" marks an attribute. The first word says what is lost without the element. An element that no version
// of libvirt knows is a typing error, and is reported as "unknown" instead.
const foreignText = `
nothing domain: memoryBacking cpu pm perf iothreads iothreadids sysinfo bootloader bootloader_args genid
refused domain: maxMemory vcpus
promise domain: keywrap launchSecurity on_lockfailure
unknown domain: iommufd defaultiothread hwuuid throttlegroups
nothing domain/cputune: iothreadpin vcpusched emulatorsched iothreadsched cachetune memorytune
nothing domain/numatune: memnode
nothing domain/resource: fibrechannel
dropped domain/os: loader nvram boot bootmenu bios kernel initrd acpi firmware @firmware
nothing domain/os: smbios
unknown domain/os: varstore shim root dtb
nothing domain/os/type: @machine
nothing domain/features: hyperv kvm pvspinlock pmu vmport gic smm ioapic vmcoreinfo htm msrs viridian hap tcg
unknown domain/features: hpt nested-hv xen cfpc sbbc ibs ccf-assist async-teardown ras ps2 aia virtualization
nothing domain/clock/timer: catchup @frequency @mode
nothing domain/devices/disk: backingStore backenddomain geometry blockio mirror iotune shareable transient serial wwn vendor product boot
nothing domain/devices/disk: address @rawio @sgio @snapshot @model
promise domain/devices/disk: auth encryption
unknown domain/devices/disk: throttlefilters acpi
nothing domain/devices/disk/driver: @cache @error_policy @rerror_policy @io @ioeventfd @event_idx @copy_on_read @discard @iothread @detect_zeroes
nothing domain/devices/disk/driver: @queues @iommu @ats @packed @page_per_vq metadata_cache
unknown domain/devices/disk/driver: iothreads statistics @discard_no_unref @queue_size
nothing domain/devices/disk/source: @startupPolicy @index reservations slices seclabel
promise domain/devices/disk/source: encryption
nothing domain/devices/disk/target: @tray @removable @rotation_rate
unknown domain/devices/disk/target: @dpofua
nothing domain/devices/hostdev: boot rom address readonly shareable driver teaming @sgio @rawio @model @display @ramfb
unknown domain/devices/hostdev: acpi
nothing domain/devices/hostdev/source: adapter @protocol @name @wwpn @writeFiltering
unknown domain/devices/hostdev/source: @guestReset
refused domain/devices/hostdev/source/address: @domain @slot @function @target @unit @uuid
nothing domain/clock: @adjustment @basis @timezone @start
nothing domain/devices: serial parallel channel controller graphics video sound memballoon rng watchdog tpm
nothing domain/devices: redirdev smartcard hub panic shmem vsock iommu audio nvram
refused domain/devices: input memory
promise domain/devices: lease
unknown domain/devices: redirfilter crypto pstore
nothing domain/devices/filesystem: address @model @multidevs @fmode @dmode
unknown domain/devices/filesystem: binary idmap boot acpi
nothing domain/devices/filesystem/driver: @queue
unknown domain/devices/filesystem/driver: @name @iommu @ats @packed @page_per_vq
unknown domain/devices/filesystem/source: address @socket @startupPolicy
nothing domain/devices/interface: boot driver tune coalesce rom address acpi teaming backend backenddomain @trustGuestRxFilters
nothing domain/devices/interface/mac: @type @check @currentAddress
nothing domain/devices/interface/target: @managed
nothing domain/devices/interface/source: @portid
refused domain/devices/interface: script downscript
unknown domain/devices/interface: portForward @managed
unknown domain/devices/interface/source: ip route address local reconnect @address @port @name @path @type @startupPolicy
rate    domain/devices/interface/bandwidth/inbound: @floor
refused domain/devices/interface/bandwidth/outbound: @floor
filter  domain/devices/interface: filterref
switch  domain/devices/interface: virtualport
nothing domain/devices/console: log
unknown domain/devices/console: protocol acpi address
unknown domain/devices/console/source: @append @mode @host @service @channel @master @slave @tls seclabel reconnect
`

// losses says what a container loses without an element that libvirt 9.0 knows, by the first word of
// foreignText. It was measured what libvirt does with each.
func losses() map[string]string {
	const noEffect = "libvirt gives it no effect in a container, so nothing is lost without it"
	return map[string]string{
		"rate":    "Berth guarantees no interface a rate; without it the interface is limited by the average and the peak all the same",
		"filter":  "without it nothing keeps from the interface, or from others, what libvirt would have kept from them",
		"switch":  "without it the interface can be on a bridge of Linux only",
		"promise": "libvirt gives it no effect in a container: nothing protects the container as it says, with or without it",
		"nothing": noEffect,
		"dropped": "libvirt drops it in silence, so nothing is lost without it",
		"refused": "libvirt refuses it in a container as well",
		"unknown": "",
	}
}

// notSupported returns the sentence about an element or attribute, and what is lost without it.
func notSupported(what, loss string) string {
	text := "this version of Berth does not support this " + what
	if sentence := losses()[loss]; sentence != "" {
		text += "; " + sentence
	}
	return text
}

// readForeign enters foreignText into the schema.
func (n *node) readForeign(table string) {
	for line := range strings.Lines(table) {
		before, names, _ := strings.Cut(line, ":")
		loss, parent, _ := strings.Cut(before, " ")
		parent = strings.TrimSpace(parent)
		for name := range strings.FieldsSeq(names) {
			if attr, is := strings.CutPrefix(name, "@"); is {
				n.make(parent).attrs[attr] = attrRule{foreign: loss}
				continue
			}
			n.make(parent + "/" + name).foreign = loss
		}
	}
}
