package domain

import (
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/size"
)

const atFS = "domain/devices/filesystem"

func readFilesystems(d *Def, x *document, f *faults) {
	if x.Devices == nil {
		return
	}
	d.Emulator = x.Devices.Emulator
	images := 0
	for i := range x.Devices.Filesystems {
		at := nth(atFS, i)
		fs := readFilesystem(at, &x.Devices.Filesystems[i], f)
		// libvirt takes a root of the type "bind" as the host's, since a path inside has no other meaning yet.
		hostRoot := fs.Type == FSBind && fs.Source == "/"
		if fs.Target == "/" && (fs.Type == FSRAM || fs.Type == FSBind && !hostRoot) {
			f.unsupported(at+"@type", "a root file system cannot be of type '%s'; use mount, block or file", fs.Type)
		}
		if fs.Type == FSBlock || fs.Type == FSFile {
			images++
		}
		if images == maxImages+1 {
			f.unsupported(at, "there are more than %d file systems of the types block and file", maxImages)
		}
		d.Filesystems = append(d.Filesystems, fs)
	}
}

func readFilesystem(at string, x *filesystem, f *faults) (fs Filesystem) {
	switch fs.AccessMode = x.AccessMode; fs.AccessMode {
	case "":
		fs.AccessMode = "passthrough"
	case "passthrough", "mapped", "squash":
	default:
		f.invalid(at+"@accessmode", "'%s' is unknown; known are passthrough, mapped, squash", x.AccessMode)
	}
	fs.Type = FSMount
	if x.Type != nil {
		fs.Type = FSType(*x.Type)
	}
	readSource(&fs, at, x.Source, f)
	if x.Target == nil || x.Target.Dir == "" {
		f.invalid(at+"/target", "it is missing: a file system must have a target dir")
	} else {
		fs.Target = path.Clean("/" + x.Target.Dir) // libvirt also takes a path without the first slash
		f.add(checkPath(at+"/target@dir", fs.Target))
	}
	fs.ReadOnly, fs.Alias = x.ReadOnly != nil, readAlias(x.Alias)
	if l := x.SpaceHardLimit; l != nil {
		fs.HardLimit = f.spaceLimit(at+"/space_hard_limit", l.Value, l.Unit)
	}
	if l := x.SpaceSoftLimit; l != nil {
		fs.SoftLimit = f.spaceLimit(at+"/space_soft_limit", l.Value, l.Unit)
	}
	if !f.within(at + "@type") {
		f.add(readDriver(&fs, at+"/driver", x.Driver))
	}
	return fs
}

func (f *faults) spaceLimit(at string, value uint, unit string) uint64 {
	if unit == "" {
		unit = "b"
	}
	n, e := inBytes(at, uint64(value), unit)
	f.add(e)
	return n
}

func readSource(fs *Filesystem, at string, x *source, f *faults) {
	own, known := map[FSType]string{FSMount: "dir", FSBind: "dir", FSBlock: "dev", FSFile: "file", FSRAM: "usage"}[fs.Type]
	if !known {
		f.unsupported(at+"@type", "a container cannot have the type '%s'; 'mount' is a directory or file of the host", fs.Type)
		return
	}
	if x == nil {
		f.invalid(at+"/source", "it is missing: a file system of type '%s' must have a source %s", fs.Type, own)
		return
	}
	usage := ""
	if x.Usage != nil {
		usage = "given"
	}
	for _, a := range []struct{ name, value string }{
		{"dir", x.Dir},
		{"dev", x.Dev},
		{"file", x.File},
		{"usage", usage},
		{"units", x.Units},
		{"name", x.Name},
		{"pool", x.Pool},
		{"volume", x.Volume},
	} {
		place := at + "/source@" + a.name
		switch {
		case a.name == own && own == "usage":
			var e *Error
			fs.Usage, e = ramSize(at+"/source", x)
			f.add(e)
		case a.name == own:
			e := checkSource(place, a.value)
			f.add(e)
			if e == nil {
				fs.Source = path.Clean(a.value)
			}
		case a.value != "" && (fs.Type != FSRAM || a.name != "units"):
			f.invalid(place, "a file system of type '%s' has no such attribute; its source is %s", fs.Type, own)
		}
	}
}

func ramSize(at string, x *source) (uint64, *Error) {
	if x.Usage == nil || *x.Usage == 0 {
		return 0, invalid(at+"@usage", "it is missing or 0: a ram file system must have a size")
	}
	unit := x.Units
	if unit == "" {
		unit = "KiB"
	}
	if _, known := size.Factor(unit); !known {
		return 0, noUnit(at+"@units", unit)
	}
	return inBytes(at+"@usage", *x.Usage, unit)
}

// checkSource requires an absolute path without "..". path.Clean drops ".." together with the part
// before it, which names another file if that part is a symbolic link.
func checkSource(at, p string) *Error {
	switch {
	case p == "":
		return invalid(at, "it is missing or empty")
	case !strings.HasPrefix(p, "/"):
		return invalid(at, "'%.60s' is not an absolute path", p)
	case slices.Contains(strings.Split(p, "/"), ".."):
		return invalid(at, "'%.60s' has a '..'; write the path that is meant", p)
	}
	return checkPath(at, p)
}
