package domain

import (
	"encoding/xml"
	"slices"
	"strconv"

	"libvirt.org/go/libvirtxml"
)

// FormatOptions chooses what Format shows. The zero value shows the stored definition.
type FormatOptions struct {
	Live *Live // also show what a running container got at its start
	Run  bool  // for the note of a run: also the names that it has chosen for its devices
}

// Live holds the values that only a running container has.
type Live struct {
	ID      uint32            // the pid of init
	Bridges map[string]string // that the host ends of interfaces are ports of, by their names
	Label   LiveLabel         // the zero value if it has none
}

// Format returns the canonical text: libvirt's order of elements, indented by two blanks a level.
// Parse reads it back to an equal Def.
func (d *Def) Format(o FormatOptions) (string, error) {
	x := document{
		Type: "lxc", Name: d.Name, Title: d.Title, Description: d.Description,
		Memory:        &memory{Value: d.Memory.Max, Unit: "KiB", DumpCore: d.Memory.DumpCore},
		CurrentMemory: &memory{Value: d.Memory.Current, Unit: "KiB"},
		BlockTune:     d.formatBlockIO(),
		MemoryTune:    d.formatTune(),
		VCPU:          &libvirtxml.DomainVCPU{Placement: "static", CPUSet: string(d.CPU.Set), Current: d.VCPUsNow, Value: d.VCPUs},
		CPUTune:       d.formatCPUTune(),
		NUMATune:      d.formatNUMA(),
		OS:            d.formatOS(),
		IDMap:         d.formatIDMap(),
		Features:      d.formatFeatures(),
		Clock:         d.formatClock(),
		OnPoweroff:    string(d.OnPoweroff), OnReboot: string(d.OnReboot), OnCrash: string(d.OnCrash),
		Devices:   d.formatDevices(o),
		SecLabels: d.formatLabels(o.Live),
		LXC:       d.formatShare(),
		Berth:     d.formatExtension(),
	}
	if d.CPU.Auto {
		x.VCPU.Placement = "auto"
	}
	if !d.UUID.IsZero() {
		x.UUID = d.UUID.String()
	}
	if d.Metadata != "" {
		x.Metadata = &libvirtxml.DomainMetadata{XML: d.Metadata}
	}
	partition := d.Partition
	if o.Live != nil {
		x.ID = strconv.FormatUint(uint64(o.Live.ID), 10)
		if partition == "" {
			partition = "/machine"
		}
	}
	if partition != "" || d.AppID != "" {
		x.Resource = &libvirtxml.DomainResource{Partition: partition}
	}
	if d.AppID != "" {
		x.Resource.FibreChannel = &libvirtxml.DomainResourceFibreChannel{AppID: d.AppID}
	}
	if x.LXC != nil {
		x.XMLNSLXC = lxcNamespace
	}
	if x.Berth != nil || d.hasForwards() {
		x.XMLNSBerth = berthNamespace
	}
	text, err := xml.Marshal(&x)
	if err == nil && d.keeps() {
		text, err = d.overlaid(text, "domain")
	}
	if err != nil {
		return "", err
	}
	return Render(text)
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

func (d *Def) formatIDMap() *idMap {
	if !d.IDMap.Enabled() {
		return nil
	}
	list := func(ranges []IDRange) (out []idRange) {
		for _, r := range ranges {
			start, target, count := uint64(r.Start), uint64(r.Target), uint64(r.Count)
			out = append(out, idRange{Start: &start, Target: &target, Count: &count})
		}
		return out
	}
	return &idMap{UIDs: list(d.IDMap.UIDs), GIDs: list(d.IDMap.GIDs)}
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
			f.APIC = &libvirtxml.DomainFeatureAPIC{EOI: d.Features.APICEOI}
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

func (d *Def) formatDevices(o FormatOptions) *devices {
	x := &devices{Emulator: d.Emulator, Interfaces: d.formatInterfaces(o)}
	if _, private := d.Root(); o.Live != nil && !private {
		host := Filesystem{Type: FSMount, AccessMode: "passthrough", Source: "/", Target: "/"}
		x.Filesystems = append(x.Filesystems, formatFilesystem(&host))
	}
	for i := range d.Filesystems {
		one := formatFilesystem(&d.Filesystems[i])
		one.Alias = d.Filesystems[i].Alias.format(KindFilesystem, i, o)
		x.Filesystems = append(x.Filesystems, one)
	}
	for i := range d.Disks {
		one := formatDisk(&d.Disks[i])
		one.Alias = d.Disks[i].Alias.format(KindDisk, i, o)
		x.Disks = append(x.Disks, one)
	}
	for i := range d.HostDevices {
		one := formatHostDevice(&d.HostDevices[i])
		one.Alias = d.HostDevices[i].Alias.format(KindHostDevice, i, o)
		x.HostDevices = append(x.HostDevices, one)
	}
	pty := "pty"
	for i, c := range d.Consoles {
		x.Consoles = append(x.Consoles, console{
			Type: &pty, Target: &libvirtxml.DomainConsoleTarget{Type: c.TargetType, Port: &c.Port},
		})
		if o.Live != nil {
			x.Consoles[i].Alias = &libvirtxml.DomainAlias{Name: "console" + strconv.Itoa(i)}
		}
	}
	return x
}

func formatFilesystem(fs *Filesystem) filesystem {
	word := string(fs.Type)
	x := filesystem{
		Type: &word, AccessMode: fs.AccessMode,
		Source: &source{}, Target: &libvirtxml.DomainFilesystemTarget{Dir: fs.Target},
	}
	switch fs.Type {
	case FSMount, FSBind:
		x.Source.Dir = fs.Source
	case FSBlock:
		x.Source.Dev = fs.Source
	case FSFile:
		x.Source.File = fs.Source
	case FSRAM:
		// libvirt prints KiB. A size that is not a multiple of 1 KiB stays in bytes, so that it does not shrink.
		usage, units := fs.Usage, "bytes"
		if usage%1024 == 0 {
			usage, units = usage/1024, "KiB"
		}
		x.Source.Usage, x.Source.Units = &usage, units
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
	if e == (Extension{}) && len(d.Latencies) == 0 && len(d.RLimits) == 0 {
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
	x.Shutdown = formatShutdown(e)
	x.Journal = formatJournal(e.Journal)
	if e.Notify {
		x.Notify = &struct{}{}
	}
	formatProtect(x, d)
	x.RLimits = formatRLimits(d.RLimits)
	if e.TakeDefaultRoute {
		x.TakeDefaultRoute = &struct{}{}
	}
	x.Owner = formatOwner(e.OwnerUID)
	return x
}
