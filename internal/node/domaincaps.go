package node

import (
	"encoding/xml"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/domain"
)

// Wanted says which containers domain capabilities are for. What is "" does not matter.
type Wanted struct{ Emulator, Arch, Machine, Type string }

// DomainCapabilities returns what a definition of a container on this host can have, as libvirt's XML. found is false
// if the host has no such containers.
func DomainCapabilities(i Info, w Wanted) (text string, found bool, err error) {
	arch := w.Arch
	if arch == "" {
		arch = i.Arch
	}
	if w.Type != "" && w.Type != "lxc" || w.Machine != "" || w.Emulator != "" && w.Emulator != emulator || arch != i.Arch && (arch != i.Arch32 || arch == "") {
		return "", false, nil
	}
	caps := libvirtxml.DomainCaps{
		Path: emulator, Domain: "lxc", Arch: arch, VCPU: &libvirtxml.DomainCapsVCPU{Max: uint(i.Shape().CPUs)},
		OS: &libvirtxml.DomainCapsOS{Supported: "no"}, MemoryBacking: &libvirtxml.DomainCapsMemoryBacking{Supported: "no"},
		Devices: &libvirtxml.DomainCapsDevices{
			Disk: has("diskDevice", "disk"), HostDev: &libvirtxml.DomainCapsDevice{Supported: "yes", Enums: []libvirtxml.DomainCapsEnum{
				{Name: "mode", Values: []string{"subsystem", "capabilities"}},
				{Name: "subsysType", Values: []string{"usb"}},
				{Name: "capsType", Values: []string{"storage", "misc", "net"}},
			}},
			FileSystem: has("driverType", "path", "loop", "nbd"),
			Graphics:   hasNone(), Video: hasNone(), RNG: hasNone(), TPM: hasNone(), Redirdev: hasNone(), Channel: hasNone(),
		},
	}
	raw, err := xml.Marshal(&caps)
	if err != nil {
		return "", false, err
	}
	text, err = domain.Render(raw)
	return text + "\n", err == nil, err
}

func has(enum string, values ...string) *libvirtxml.DomainCapsDevice {
	return &libvirtxml.DomainCapsDevice{Supported: "yes", Enums: []libvirtxml.DomainCapsEnum{{Name: enum, Values: values}}}
}

func hasNone() *libvirtxml.DomainCapsDevice { return &libvirtxml.DomainCapsDevice{Supported: "no"} }
