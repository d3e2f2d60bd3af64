package domain

// foreignText lists the elements that libvirt knows and Berth does not support, by their parent. An
// "@" marks an attribute. An element that no version of libvirt knows is a typing error, and is
// reported as "unknown" instead.
const foreignText = `
domain: blkiotune cputune numatune seclabel maxMemory memoryBacking vcpus cpu pm perf iommufd
domain: iothreads iothreadids defaultiothread sysinfo bootloader bootloader_args keywrap
domain: launchSecurity genid hwuuid throttlegroups on_lockfailure
domain/resource: fibrechannel
domain/os: loader nvram varstore boot bootmenu bios smbios kernel initrd shim root dtb acpi firmware @firmware
domain/os/type: @machine
domain/features: hyperv kvm pvspinlock pmu vmport gic smm ioapic hpt vmcoreinfo htm nested-hv msrs
domain/features: viridian hap xen tcg cfpc sbbc ibs ccf-assist async-teardown ras ps2 aia virtualization
domain/clock: timer @adjustment @basis @timezone @start
domain/devices: interface hostdev disk serial parallel channel controller input graphics video sound
domain/devices: memballoon rng watchdog tpm redirdev redirfilter smartcard hub panic shmem vsock
domain/devices: memory iommu lease audio nvram crypto pstore
domain/devices/filesystem: binary idmap boot acpi address @model @multidevs @fmode @dmode
domain/devices/filesystem/driver: @name @iommu @ats @packed @page_per_vq @queue
domain/devices/filesystem/source: address @socket @startupPolicy
domain/devices/console: protocol log acpi address
domain/devices/console/source: @append @mode @host @service @channel @master @slave @tls seclabel reconnect
`
