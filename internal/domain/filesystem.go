package domain

import (
	"path"
	"slices"
	"strings"
)

const atFS = "domain/devices/filesystem"

func readFilesystems(d *Def, x *document) error {
	if x.Devices == nil {
		return nil
	}
	d.Emulator = x.Devices.Emulator
	for i := range x.Devices.Filesystems {
		fs, err := readFilesystem(&x.Devices.Filesystems[i])
		if err != nil {
			return err
		}
		d.Filesystems = append(d.Filesystems, fs)
	}
	if root, private := d.Root(); private && (root.Type == FSRAM || root.Type == FSBind) {
		return unsupported(atFS+"@type", "a root file system cannot be of type '%s'; use mount, block or file", root.Type)
	}
	return nil
}

func readFilesystem(x *filesystem) (fs Filesystem, err error) {
	switch fs.AccessMode = x.AccessMode; fs.AccessMode {
	case "":
		fs.AccessMode = "passthrough"
	case "passthrough", "mapped", "squash":
	default:
		return fs, invalid(atFS+"@accessmode", "'%s' is unknown; known are passthrough, mapped, squash", x.AccessMode)
	}
	fs.Type = FSMount
	if x.Type != nil {
		fs.Type = FSType(*x.Type)
	}
	if err := readSource(&fs, x.Source); err != nil {
		return fs, err
	}
	if x.Target == nil || x.Target.Dir == "" {
		return fs, invalid(atFS+"/target", "it is missing: a file system must have a target dir")
	}
	if !strings.HasPrefix(x.Target.Dir, "/") {
		return fs, invalid(atFS+"/target@dir", "'%.60s' is not an absolute path", x.Target.Dir)
	}
	fs.Target = path.Clean(x.Target.Dir)
	fs.ReadOnly = x.ReadOnly != nil
	if l := x.SpaceHardLimit; l != nil {
		if fs.HardLimit, err = spaceLimit("space_hard_limit", l.Value, l.Unit); err != nil {
			return fs, err
		}
	}
	if l := x.SpaceSoftLimit; l != nil {
		if fs.SoftLimit, err = spaceLimit("space_soft_limit", l.Value, l.Unit); err != nil {
			return fs, err
		}
	}
	return fs, readDriver(&fs, x.Driver)
}

func spaceLimit(name string, value uint, unit string) (uint64, error) {
	if unit == "" {
		unit = "b"
	}
	return inBytes(atFS+"/"+name, uint64(value), unit)
}

func readSource(fs *Filesystem, x *source) (err error) {
	own, known := map[FSType]string{FSMount: "dir", FSBind: "dir", FSBlock: "dev", FSFile: "file", FSRAM: "usage"}[fs.Type]
	if !known {
		return unsupported(atFS+"@type", "a container cannot have the type '%s'; 'mount' is a directory or file of the host", fs.Type)
	}
	if x == nil {
		return invalid(atFS+"/source", "it is missing: a file system of type '%s' must have a source %s", fs.Type, own)
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
		at := atFS + "/source@" + a.name
		switch {
		case a.name == own && own == "usage":
			fs.Usage, err = ramSize(at, x)
		case a.name == own:
			fs.Source, err = a.value, checkSource(at, a.value)
			if err == nil {
				fs.Source = path.Clean(fs.Source)
			}
		case a.value != "" && (fs.Type != FSRAM || a.name != "units"):
			err = invalid(at, "a file system of type '%s' has no such attribute; its source is %s", fs.Type, own)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ramSize(at string, x *source) (uint64, error) {
	if x.Usage == nil || *x.Usage == 0 {
		return 0, invalid(at, "it is missing or 0: a ram file system must have a size")
	}
	unit := x.Units
	if unit == "" {
		unit = "KiB"
	}
	if _, known := scale(unit); !known {
		return 0, noUnit(atFS+"/source@units", unit)
	}
	return inBytes(at, *x.Usage, unit)
}

// checkSource requires an absolute path without "..". path.Clean drops ".." together with the part
// before it, which names another file if that part is a symbolic link.
func checkSource(at, p string) error {
	switch {
	case p == "":
		return invalid(at, "it is missing or empty")
	case !strings.HasPrefix(p, "/"):
		return invalid(at, "'%.60s' is not an absolute path", p)
	case slices.Contains(strings.Split(p, "/"), ".."):
		return invalid(at, "'%.60s' has a '..'; write the path that is meant", p)
	}
	return nil
}
