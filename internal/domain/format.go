package domain

import (
	"encoding/xml"
	"slices"
	"strconv"

	"libvirt.org/go/libvirtxml"
)

// FormatOptions chooses what Format shows; the zero value is the stored definition.
type FormatOptions struct {
	Live *Live // of a running container: what it got at its start, too
}

// Live is what only a running container has.
type Live struct {
	ID uint32 // pid of the supervisor
}

// Format gives the canonical text, in libvirt's order, two blanks a level. Parse reads it back to
// an equal Def.
func (d *Def) Format(o FormatOptions) (string, error) {
	x := document{
		Type: "lxc", Name: d.Name, Title: d.Title, Description: d.Description,
		Memory:        &memory{Value: d.Memory.Max, Unit: "KiB", DumpCore: d.Memory.DumpCore},
		CurrentMemory: &memory{Value: d.Memory.Current, Unit: "KiB"},
		MemoryTune:    d.formatTune(),
		VCPU:          &libvirtxml.DomainVCPU{Placement: "static", Current: d.VCPUsNow, Value: d.VCPUs},
		OS:            d.formatOS(),
		IDMap:         d.formatIDMap(),
		Features:      d.formatFeatures(),
		Clock:         &libvirtxml.DomainClock{Offset: d.Clock.Offset},
		OnPoweroff:    string(d.OnPoweroff), OnReboot: string(d.OnReboot), OnCrash: string(d.OnCrash),
		Devices: d.formatDevices(o.Live),
		LXC:     d.formatShare(),
		Berth:   d.formatExtension(),
	}
	if !d.UUID.IsZero() {
		x.UUID = d.UUID.String()
	}
	if d.Metadata != "" {
		x.Metadata = &libvirtxml.DomainMetadata{XML: d.Metadata}
	}
	partition := d.Partition
	if o.Live != nil {
		x.ID = &o.Live.ID
		if partition == "" {
			partition = "/machine"
		}
	}
	if partition != "" {
		x.Resource = &libvirtxml.DomainResource{Partition: partition}
	}
	text, err := xml.MarshalIndent(&x, "", "  ")
	return string(text), err
}

func (d *Def) formatTune() *libvirtxml.DomainMemoryTune {
	limit := func(n *uint64) *libvirtxml.DomainMemoryTuneLimit {
		if n == nil {
			return nil
		}
		return &libvirtxml.DomainMemoryTuneLimit{Value: *n, Unit: "KiB"}
	}
	m := d.Memory
	if m.HardLimit == nil && m.SoftLimit == nil && m.SwapHardLimit == nil && m.MinGuarantee == nil {
		return nil
	}
	return &libvirtxml.DomainMemoryTune{
		HardLimit: limit(m.HardLimit), SoftLimit: limit(m.SoftLimit),
		SwapHardLimit: limit(m.SwapHardLimit), MinGuarantee: limit(m.MinGuarantee),
	}
}

func (d *Def) formatOS() *libvirtxml.DomainOS {
	x := &libvirtxml.DomainOS{
		Type: &libvirtxml.DomainOSType{Arch: d.OS.Arch, Type: "exe"},
		Init: d.OS.Init, InitArgs: d.OS.Args, InitDir: d.OS.Dir, InitUser: d.OS.User, InitGroup: d.OS.Group,
		Cmdline: d.OS.Cmdline,
	}
	for _, e := range d.OS.Env {
		x.InitEnv = append(x.InitEnv, libvirtxml.DomainOSInitEnv{Name: e.Name, Value: e.Value})
	}
	return x
}

func (d *Def) formatIDMap() *libvirtxml.DomainIDMap {
	if !d.IDMap.Enabled() {
		return nil
	}
	list := func(ranges []IDRange) (out []libvirtxml.DomainIDMapRange) {
		for _, r := range ranges {
			out = append(out, libvirtxml.DomainIDMapRange{Start: uint(r.Start), Target: uint(r.Target), Count: uint(r.Count)})
		}
		return out
	}
	return &libvirtxml.DomainIDMap{UIDs: list(d.IDMap.UIDs), GIDs: list(d.IDMap.GIDs)}
}

func (d *Def) formatFeatures() *features {
	f := &features{}
	for _, name := range d.Features.Kept {
		switch name {
		case "pae":
			f.PAE = &libvirtxml.DomainFeature{}
		case "acpi":
			f.ACPI = &libvirtxml.DomainFeature{}
		case "apic":
			f.APIC = &libvirtxml.DomainFeatureAPIC{}
		}
	}
	if d.Features.PrivNet {
		f.PrivNet = &libvirtxml.DomainFeature{}
	}
	if c := d.Features.Capabilities; c.Policy != CapDefault || len(c.States) > 0 {
		f.Capabilities = &capabilities{Policy: string(c.Policy)}
		names := make([]string, 0, len(c.States))
		for name := range c.States {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			state := "off"
			if c.States[name] {
				state = "on"
			}
			f.Capabilities.List = append(f.Capabilities.List, capability{XMLName: xml.Name{Local: name}, State: state})
		}
	}
	if *f == (features{}) {
		return nil
	}
	return f
}

func (d *Def) formatDevices(live *Live) *devices {
	x := &devices{Emulator: d.Emulator}
	list := d.Filesystems
	if _, private := d.Root(); live != nil && !private {
		host := Filesystem{Type: FSMount, AccessMode: "passthrough", Source: "/", Target: "/"}
		list = append([]Filesystem{host}, list...)
	}
	for i := range list {
		x.Filesystems = append(x.Filesystems, formatFilesystem(&list[i]))
	}
	for i, c := range d.Consoles {
		port := c.Port
		console := libvirtxml.DomainConsole{
			Source: &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}},
			Target: &libvirtxml.DomainConsoleTarget{Type: c.TargetType, Port: &port},
		}
		if live != nil {
			console.Alias = &libvirtxml.DomainAlias{Name: "console" + strconv.Itoa(i)}
		}
		x.Consoles = append(x.Consoles, console)
	}
	return x
}

func formatFilesystem(fs *Filesystem) libvirtxml.DomainFilesystem {
	x := libvirtxml.DomainFilesystem{
		AccessMode: fs.AccessMode, Target: &libvirtxml.DomainFilesystemTarget{Dir: fs.Target},
		Source: &libvirtxml.DomainFilesystemSource{},
	}
	switch fs.Type {
	case FSMount:
		x.Source.Mount = &libvirtxml.DomainFilesystemSourceMount{Dir: fs.Source}
	case FSBind:
		x.Source.Bind = &libvirtxml.DomainFilesystemSourceBind{Dir: fs.Source}
	case FSBlock:
		x.Source.Block = &libvirtxml.DomainFilesystemSourceBlock{Dev: fs.Source}
	case FSFile:
		x.Source.File = &libvirtxml.DomainFilesystemSourceFile{File: fs.Source}
	case FSRAM:
		// libvirt prints KiB; a size that is no multiple of one stays in bytes, so as not to shrink.
		x.Source.RAM = &libvirtxml.DomainFilesystemSourceRAM{Usage: uint(fs.Usage), Units: "bytes"}
		if fs.Usage%1024 == 0 {
			x.Source.RAM = &libvirtxml.DomainFilesystemSourceRAM{Usage: uint(fs.Usage / 1024), Units: "KiB"}
		}
	}
	if fs.Driver != "" || fs.Format != "" || fs.WrPolicy != "" {
		x.Driver = &libvirtxml.DomainFilesystemDriver{Type: fs.Driver, Format: fs.Format, WRPolicy: fs.WrPolicy}
	}
	if fs.ReadOnly {
		x.ReadOnly = &libvirtxml.DomainFilesystemReadOnly{}
	}
	if fs.HardLimit > 0 {
		x.SpaceHardLimit = &libvirtxml.DomainFilesystemSpaceHardLimit{Value: uint(fs.HardLimit), Unit: "bytes"}
	}
	if fs.SoftLimit > 0 {
		x.SpaceSoftLimit = &libvirtxml.DomainFilesystemSpaceSoftLimit{Value: uint(fs.SoftLimit), Unit: "bytes"}
	}
	return x
}

func (d *Def) formatShare() *libvirtxml.DomainLXCNamespace {
	if d.Share == (Share{}) {
		return nil
	}
	ref := func(r ShareRef) *libvirtxml.DomainLXCNamespaceMap {
		if r.Kind == ShareNone {
			return nil
		}
		return &libvirtxml.DomainLXCNamespaceMap{Type: string(r.Kind), Value: r.Value}
	}
	return &libvirtxml.DomainLXCNamespace{ShareNet: ref(d.Share.Net), ShareIPC: ref(d.Share.IPC), ShareUTS: ref(d.Share.UTS)}
}

func (d *Def) formatExtension() *extension {
	e := d.Extension
	if e == (Extension{}) {
		return nil
	}
	x := &extension{}
	if e.AutoIDMap {
		x.IDMap = &extIDMap{Mode: "auto"}
	}
	if e.NoNewPrivs {
		x.NoNewPrivs = &struct{}{}
	}
	if e.Seccomp != "" {
		x.Seccomp = &extProfile{Profile: e.Seccomp}
	}
	if e.ShutdownSignal != "" {
		x.Shutdown = &extSignal{Signal: e.ShutdownSignal}
	}
	return x
}
