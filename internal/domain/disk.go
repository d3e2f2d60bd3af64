package domain

import (
	"path"
	"slices"
	"strings"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/pattern"
)

const atDisk = "domain/devices/disk"

// DiskType is the type attribute of <disk>.
type DiskType string

// The disks that a container can have.
const (
	DiskBlock DiskType = "block" // a block device of the host
	DiskFile  DiskType = "file"  // an image file, which a loop device shows
)

// Disk is one <disk>: a node of a block device in the container's /dev.
type Disk struct {
	Type     DiskType
	Source   string // path on the host
	Target   string // name below /dev
	Bus      string // kept only
	Driver   string // kept only: "loop" for a file, as given for a block device
	Format   string // "raw" or unset, kept only
	ReadOnly bool
	Alias    Alias
	Kept     Kept
}

// disk is <disk>. libvirtxml's loses which type it does not know.
type disk struct {
	Type     *string                        `xml:"type,attr"`
	Device   string                         `xml:"device,attr,omitempty"`
	Driver   *diskDriver                    `xml:"driver"`
	Source   *diskSource                    `xml:"source"`
	Target   *diskTarget                    `xml:"target"`
	ReadOnly *libvirtxml.DomainDiskReadOnly `xml:"readonly"`
	Alias    *libvirtxml.DomainAlias        `xml:"alias"`
}

type diskDriver struct {
	Name string `xml:"name,attr,omitempty"`
	Type string `xml:"type,attr,omitempty"`
}

type diskSource struct {
	File string `xml:"file,attr,omitempty"`
	Dev  string `xml:"dev,attr,omitempty"`
}

type diskTarget struct {
	Dev string `xml:"dev,attr,omitempty"`
	Bus string `xml:"bus,attr,omitempty"`
}

// readDisks reads the disks. It must come after readFilesystems: both share a limit.
func readDisks(d *Def, x *document, f *faults) {
	if x.Devices == nil {
		return
	}
	images := 0
	for _, fs := range d.Filesystems {
		if fs.Type == FSBlock || fs.Type == FSFile {
			images++
		}
	}
	for i := range x.Devices.Disks {
		at := nth(atDisk, i)
		if i == maxDevices {
			f.unsupported(at, "there are more than %d disks", maxDevices)
			return
		}
		one := readDisk(at, &x.Devices.Disks[i], f)
		if one.Type == DiskFile {
			if images++; images == maxImages+1 {
				f.unsupported(at, "there are more than %d disks of type file and file systems of the types block and file", maxImages)
			}
		}
		d.Disks = append(d.Disks, one)
	}
}

func readDisk(at string, x *disk, f *faults) (one Disk) {
	one.Type = DiskFile // libvirt's default
	if x.Type != nil {
		one.Type = DiskType(*x.Type)
	}
	if one.Type != DiskBlock && one.Type != DiskFile {
		f.unsupported(at+"@type", "a container cannot have a disk of type '%s'; 'block' is a block device of the host, 'file' an image file", one.Type)
		return one
	}
	if x.Device != "" && x.Device != "disk" {
		f.unsupported(at+"@device", "a container cannot have a '%s'; it can have a 'disk'", x.Device)
	}
	one.readSource(at+"/source", x.Source, f)
	one.readTarget(at+"/target", x.Target, f)
	one.readDriver(at+"/driver", x.Driver, f)
	one.ReadOnly = x.ReadOnly != nil
	one.Alias = readAlias(x.Alias)
	return one
}

func (d *Disk) readSource(at string, x *diskSource, f *faults) {
	if x == nil {
		f.unsupported(at, "it is missing: a container's disk must have a medium")
		return
	}
	own, given, other, extra := "@file", x.File, "@dev", x.Dev
	if d.Type == DiskBlock {
		own, given, other, extra = other, extra, own, given
	}
	if extra != "" {
		f.invalid(at+other, "a disk of type '%s' has no such attribute; its source is %s", d.Type, own[1:])
	}
	e := checkSource(at+own, given)
	f.add(e)
	if e == nil {
		d.Source = path.Clean(given)
	}
}

// diskName matches the names that libvirt takes for a disk.
var diskName = pattern.Of(`^(hd|sd|vd|xvd|ubd)[a-z]{1,4}[0-9]{0,4}$`)

func (d *Disk) readTarget(at string, x *diskTarget, f *faults) {
	if x == nil || x.Dev == "" {
		f.invalid(at, "it is missing: a disk must have a target dev, its name below /dev in the container")
		return
	}
	if d.Target, d.Bus = x.Dev, x.Bus; !diskName().MatchString(d.Target) {
		f.invalid(at+"@dev", "'%.40s' is not the name of a disk, such as sda, vdb or xvda", d.Target)
		return
	}
	if d.Bus == "" { // libvirt guesses it from the name
		for _, guess := range []struct{ prefix, bus string }{{"hd", "ide"}, {"sd", "scsi"}, {"vd", "virtio"}, {"xvd", "xen"}, {"ubd", "uml"}} {
			if strings.HasPrefix(d.Target, guess.prefix) {
				d.Bus = guess.bus
			}
		}
	}
	if !slices.Contains([]string{"ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd", "nvme"}, d.Bus) {
		f.invalid(at+"@bus", "'%.40s' is unknown; known are ide, sata, scsi, usb, virtio, xen", d.Bus)
	}
}

func (d *Disk) readDriver(at string, x *diskDriver, f *faults) {
	if x != nil {
		d.Driver, d.Format = x.Name, x.Type
	}
	if d.Format != "" && d.Format != "raw" && d.Format != "none" {
		f.unsupported(at+"@type", "'%.40s' is not supported for a disk, only 'raw'; an image of another format can be mounted, by <filesystem type='file'>", d.Format)
	}
	switch {
	case d.Type == DiskBlock && slices.Contains([]string{"", "phy", "qemu"}, d.Driver), d.Type == DiskFile && d.Driver == "loop":
	case d.Type == DiskFile && d.Driver == "":
		d.Driver = "loop"
	default:
		f.unsupported(at+"@name", "'%.40s' is not supported for a disk of type '%s'; leave it out", d.Driver, d.Type)
	}
	if d.Type == DiskFile || d.Format == "none" {
		d.Format = "raw"
	}
}

func formatDisk(d *Disk) disk {
	kind := string(d.Type)
	x := disk{Type: &kind, Device: "disk", Source: &diskSource{}, Target: &diskTarget{Dev: d.Target, Bus: d.Bus}}
	if d.Driver != "" || d.Format != "" {
		x.Driver = &diskDriver{Name: d.Driver, Type: d.Format}
	}
	if d.Type == DiskBlock {
		x.Source.Dev = d.Source
	} else {
		x.Source.File = d.Source
	}
	if d.ReadOnly {
		x.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	return x
}
