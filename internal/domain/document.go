package domain

import (
	"encoding/xml"

	"libvirt.org/go/libvirtxml"
)

// document is the domain element, in libvirt's order of elements and mostly of libvirtxml's types.
// libvirtxml has no room for capabilities newer than its list, nor for our extension. In devices and
// id ranges it loses unknown words, and that an attribute is missing. Those have types of our own.
type document struct {
	XMLName       xml.Name                     `xml:"domain"`
	Type          string                       `xml:"type,attr"`
	XMLNSLXC      string                       `xml:"xmlns:lxc,attr,omitempty"`   // written only
	XMLNSBerth    string                       `xml:"xmlns:berth,attr,omitempty"` // written only
	ID            string                       `xml:"id,attr,omitempty"`
	Name          string                       `xml:"name"`
	UUID          string                       `xml:"uuid,omitempty"`
	Title         string                       `xml:"title,omitempty"`
	Description   string                       `xml:"description,omitempty"`
	Metadata      *libvirtxml.DomainMetadata   `xml:"metadata"`
	Memory        *memory                      `xml:"memory"`
	CurrentMemory *memory                      `xml:"currentMemory"`
	BlockTune     *blockTune                   `xml:"blkiotune"`
	MemoryTune    *libvirtxml.DomainMemoryTune `xml:"memtune"`
	VCPU          *libvirtxml.DomainVCPU       `xml:"vcpu"`
	CPUTune       *cpuTune                     `xml:"cputune"`
	NUMATune      *libvirtxml.DomainNUMATune   `xml:"numatune"`
	Resource      *libvirtxml.DomainResource   `xml:"resource"`
	OS            *libvirtxml.DomainOS         `xml:"os"`
	IDMap         *idMap                       `xml:"idmap"`
	Features      *features                    `xml:"features"`
	Clock         *clock                       `xml:"clock"`
	OnPoweroff    string                       `xml:"on_poweroff,omitempty"`
	OnReboot      string                       `xml:"on_reboot,omitempty"`
	OnCrash       string                       `xml:"on_crash,omitempty"`
	Devices       *devices                     `xml:"devices"`
	SecLabels     []secLabel                   `xml:"seclabel"`
	LXC           *libvirtxml.DomainLXCNamespace
	Berth         *extension
}

type secLabel struct {
	Type       *string `xml:"type,attr"`
	Model      string  `xml:"model,attr,omitempty"`
	Relabel    *string `xml:"relabel,attr"`
	Label      string  `xml:"label,omitempty"`
	ImageLabel string  `xml:"imagelabel,omitempty"`
	BaseLabel  string  `xml:"baselabel,omitempty"`
}

// memory is libvirtxml's DomainMemory with room for 64 bits everywhere.
type memory struct {
	Value    uint64 `xml:",chardata"`
	DumpCore string `xml:"dumpCore,attr,omitempty"`
	Unit     string `xml:"unit,attr,omitempty"`
}

type idMap struct {
	UIDs []idRange `xml:"uid"`
	GIDs []idRange `xml:"gid"`
}

type idRange struct {
	Start  *uint64 `xml:"start,attr"`
	Target *uint64 `xml:"target,attr"`
	Count  *uint64 `xml:"count,attr"`
}

type features struct {
	ACPI         *libvirtxml.DomainFeature     `xml:"acpi"`
	APIC         *libvirtxml.DomainFeatureAPIC `xml:"apic"`
	PAE          *libvirtxml.DomainFeature     `xml:"pae"`
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
	Emulator    string       `xml:"emulator,omitempty"`
	Disks       []disk       `xml:"disk"`
	Filesystems []filesystem `xml:"filesystem"`
	Interfaces  []iface      `xml:"interface"`
	Consoles    []console    `xml:"console"`
	HostDevices []hostDevice `xml:"hostdev"`
}

type filesystem struct {
	Type           *string                                    `xml:"type,attr"`
	AccessMode     string                                     `xml:"accessmode,attr,omitempty"`
	Driver         *libvirtxml.DomainFilesystemDriver         `xml:"driver"`
	Source         *source                                    `xml:"source"`
	Target         *libvirtxml.DomainFilesystemTarget         `xml:"target"`
	ReadOnly       *libvirtxml.DomainFilesystemReadOnly       `xml:"readonly"`
	SpaceHardLimit *libvirtxml.DomainFilesystemSpaceHardLimit `xml:"space_hard_limit"`
	SpaceSoftLimit *libvirtxml.DomainFilesystemSpaceSoftLimit `xml:"space_soft_limit"`
	Alias          *libvirtxml.DomainAlias                    `xml:"alias"`
}

// source has the attributes of all types of file system. readSource checks which may be combined.
type source struct {
	Dir    string  `xml:"dir,attr,omitempty"`
	Dev    string  `xml:"dev,attr,omitempty"`
	File   string  `xml:"file,attr,omitempty"`
	Usage  *uint64 `xml:"usage,attr"`
	Units  string  `xml:"units,attr,omitempty"`
	Name   string  `xml:"name,attr,omitempty"`
	Pool   string  `xml:"pool,attr,omitempty"`
	Volume string  `xml:"volume,attr,omitempty"`
}

// console has no source: libvirt writes the path of a running container's terminal there, and that
// path means nothing in a definition.
type console struct {
	Type   *string                         `xml:"type,attr"`
	Target *libvirtxml.DomainConsoleTarget `xml:"target"`
	Alias  *libvirtxml.DomainAlias         `xml:"alias"`
}

// extension is the element of Berth's own XML namespace.
type extension struct {
	XMLName    xml.Name     `xml:"urn:berth:container:1 container"`
	IDMap      *extIDMap    `xml:"idmap"`
	NoNewPrivs *struct{}    `xml:"no_new_privs"`
	Seccomp    *extProfile  `xml:"seccomp"`
	Shutdown   *extShutdown `xml:"shutdown"`

	Journal []extJournal `xml:"journal"`
	Notify  *struct{}    `xml:"notify"`

	PIDs      *extPIDs     `xml:"pids"`
	Protect   *extProtect  `xml:"protect"`
	Idle      *struct{}    `xml:"idle"`
	Latencies []extLatency `xml:"latency"`
	RLimits   []extRLimit  `xml:"rlimit"`

	TakeDefaultRoute *struct{} `xml:"take_default_route"`
	Owner            *extOwner `xml:"owner"`
}

type extIDMap struct {
	Mode string `xml:"mode,attr"`
}

type extProfile struct {
	Profile string `xml:"profile,attr"`
}

type extJournal struct {
	Console *uint64 `xml:"console,attr"`
}

type extShutdown struct {
	Signal  string  `xml:"signal,attr,omitempty"`
	Timeout *uint64 `xml:"timeout,attr"`
}
