package domain

import (
	"encoding/xml"

	"libvirt.org/go/libvirtxml"
)

// document is the domain element in libvirt's order of elements, of libvirtxml's types, with two
// exceptions that libvirtxml has no room for: capabilities newer than its list, and our extension.
type document struct {
	XMLName       xml.Name                     `xml:"domain"`
	Type          string                       `xml:"type,attr"`
	ID            *uint32                      `xml:"id,attr"`
	Name          string                       `xml:"name"`
	UUID          string                       `xml:"uuid,omitempty"`
	Title         string                       `xml:"title,omitempty"`
	Description   string                       `xml:"description,omitempty"`
	Metadata      *libvirtxml.DomainMetadata   `xml:"metadata"`
	Memory        *memory                      `xml:"memory"`
	CurrentMemory *memory                      `xml:"currentMemory"`
	MemoryTune    *libvirtxml.DomainMemoryTune `xml:"memtune"`
	VCPU          *libvirtxml.DomainVCPU       `xml:"vcpu"`
	Resource      *libvirtxml.DomainResource   `xml:"resource"`
	OS            *libvirtxml.DomainOS         `xml:"os"`
	IDMap         *libvirtxml.DomainIDMap      `xml:"idmap"`
	Features      *features                    `xml:"features"`
	Clock         *libvirtxml.DomainClock      `xml:"clock"`
	OnPoweroff    string                       `xml:"on_poweroff,omitempty"`
	OnReboot      string                       `xml:"on_reboot,omitempty"`
	OnCrash       string                       `xml:"on_crash,omitempty"`
	Devices       *devices                     `xml:"devices"`
	LXC           *libvirtxml.DomainLXCNamespace
	Berth         *extension
}

// memory is libvirtxml's DomainMemory with room for 64 bits everywhere.
type memory struct {
	Value    uint64 `xml:",chardata"`
	Unit     string `xml:"unit,attr,omitempty"`
	DumpCore string `xml:"dumpCore,attr,omitempty"`
}

type features struct {
	PAE          *libvirtxml.DomainFeature     `xml:"pae"`
	ACPI         *libvirtxml.DomainFeature     `xml:"acpi"`
	APIC         *libvirtxml.DomainFeatureAPIC `xml:"apic"`
	PrivNet      *libvirtxml.DomainFeature     `xml:"privnet"`
	Capabilities *capabilities                 `xml:"capabilities"`
}

type capabilities struct {
	Policy string       `xml:"policy,attr,omitempty"`
	List   []capability `xml:",any"`
}

type capability struct {
	XMLName xml.Name
	State   string `xml:"state,attr,omitempty"`
}

type devices struct {
	Emulator    string                        `xml:"emulator,omitempty"`
	Filesystems []libvirtxml.DomainFilesystem `xml:"filesystem"`
	Consoles    []libvirtxml.DomainConsole    `xml:"console"`
}

// extension is what Berth adds, in its own namespace.
type extension struct {
	XMLName    xml.Name    `xml:"urn:berth:container:1 container"`
	IDMap      *extIDMap   `xml:"idmap"`
	NoNewPrivs *struct{}   `xml:"no_new_privs"`
	Seccomp    *extProfile `xml:"seccomp"`
	Shutdown   *extSignal  `xml:"shutdown"`
}

type extIDMap struct {
	Mode string `xml:"mode,attr"`
}

type extProfile struct {
	Profile string `xml:"profile,attr"`
}

type extSignal struct {
	Signal string `xml:"signal,attr"`
}
