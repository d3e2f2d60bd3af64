package domain

import (
	"path"
	"strings"

	"libvirt.org/go/libvirtxml"
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

func readFilesystem(x *libvirtxml.DomainFilesystem) (fs Filesystem, err error) {
	switch fs.AccessMode = x.AccessMode; fs.AccessMode {
	case "":
		fs.AccessMode = "passthrough"
	case "passthrough", "mapped", "squash":
	default:
		return fs, invalid(atFS+"@accessmode", "'%s' is unknown; known are passthrough, mapped, squash", x.AccessMode)
	}
	if err := readSource(&fs, x.Source); err != nil {
		return fs, err
	}
	if x.Target == nil || x.Target.Dir == "" {
		return fs, invalid(atFS+"/target", "it is missing: a file system must have a target dir")
	}
	if fs.Target, err = checkPath(atFS+"/target@dir", x.Target.Dir); err != nil {
		return fs, err
	}
	fs.ReadOnly = x.ReadOnly != nil
	if x.SpaceHardLimit != nil {
		if fs.HardLimit, err = spaceLimit("space_hard_limit", x.SpaceHardLimit.Value, x.SpaceHardLimit.Unit); err != nil {
			return fs, err
		}
	}
	if x.SpaceSoftLimit != nil {
		if fs.SoftLimit, err = spaceLimit("space_soft_limit", x.SpaceSoftLimit.Value, x.SpaceSoftLimit.Unit); err != nil {
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

// readSource takes the type from which source libvirtxml filled in.
func readSource(fs *Filesystem, x *libvirtxml.DomainFilesystemSource) (err error) {
	const at = atFS + "/source"
	fs.Type = FSMount
	if x == nil {
		return invalid(at, "it is missing: a file system must have a source")
	}
	switch {
	case x.Mount != nil:
		fs.Source, err = checkPath(at+"@dir", x.Mount.Dir)
	case x.Bind != nil:
		fs.Type = FSBind
		fs.Source, err = checkPath(at+"@dir", x.Bind.Dir)
	case x.Block != nil:
		fs.Type = FSBlock
		fs.Source, err = checkPath(at+"@dev", x.Block.Dev)
	case x.File != nil:
		fs.Type = FSFile
		fs.Source, err = checkPath(at+"@file", x.File.File)
	case x.RAM != nil:
		fs.Type = FSRAM
		unit := x.RAM.Units
		if unit == "" {
			unit = "KiB"
		}
		if fs.Usage, err = inBytes(at+"@usage", uint64(x.RAM.Usage), unit); err == nil && fs.Usage == 0 {
			return invalid(at+"@usage", "it is missing or 0: a ram file system must have a size")
		}
	default:
		return unsupported(atFS+"@type", "this type is not served; use mount, bind, block, file or ram")
	}
	return err
}

func readDriver(fs *Filesystem, x *libvirtxml.DomainFilesystemDriver) error {
	const at = atFS + "/driver"
	if x != nil {
		fs.Driver, fs.Format, fs.WrPolicy = x.Type, x.Format, x.WRPolicy
	}
	if fs.Type != FSFile {
		return nil
	}
	if fs.Driver == "" {
		fs.Driver = "loop"
		if fs.Format != "" && fs.Format != "raw" {
			fs.Driver = "nbd"
		}
	}
	switch {
	case fs.Driver == "loop" && fs.Format != "" && fs.Format != "raw":
		return unsupported(at+"@format", "a loop device shows a raw file only, not '%s'; use type='nbd'", fs.Format)
	case fs.Driver == "nbd" && fs.Format == "":
		return unsupported(at+"@format", "it is missing: nbd must be told the format, since guessing it would trust the image")
	case fs.Driver != "loop" && fs.Driver != "nbd":
		return unsupported(at+"@type", "'%s' is not served; use loop or nbd", fs.Driver)
	}
	if fs.Format == "" {
		fs.Format = "raw"
	}
	return nil
}

// checkPath wants an absolute path and cleans it: "/a//b/" is "/a/b".
func checkPath(at, p string) (string, error) {
	switch {
	case p == "":
		return "", invalid(at, "it is missing or empty")
	case !strings.HasPrefix(p, "/"):
		return "", invalid(at, "'%.60s' is not an absolute path", p)
	}
	return path.Clean(p), nil
}
