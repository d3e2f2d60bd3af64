package domain

import (
	"slices"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/pattern"
)

// formatName matches the names of qemu-nbd's formats. The name becomes an argument of that program.
var formatName = pattern.Of(`^[a-z0-9][a-z0-9_-]*$`)

// readDriver reads <driver>. Only a file system of type "file" has a choice of driver.
func readDriver(fs *Filesystem, at string, x *libvirtxml.DomainFilesystemDriver) *Error {
	if x != nil {
		fs.Driver, fs.Format, fs.WrPolicy = x.Type, x.Format, x.WRPolicy
	}
	if fs.WrPolicy != "" && fs.WrPolicy != "immediate" {
		return invalid(at+"@wrpolicy", "'%s' is unknown; known is 'immediate'", fs.WrPolicy)
	}
	if fs.Type != FSFile {
		if fs.Driver != "" && fs.Type != FSMount || !slices.Contains([]string{"", "path", "handle", "virtiofs"}, fs.Driver) {
			return unsupported(at+"@type", "'%s' is for a file system of type 'file' only, and this one is of type '%s'", fs.Driver, fs.Type)
		}
		if fs.Format != "" && fs.Format != "raw" {
			return unsupported(at+"@format", "'%s' is for a file system of type 'file' only, and this one is of type '%s'", fs.Format, fs.Type)
		}
		return nil
	}
	if fs.Driver == "" {
		fs.Driver = "loop"
		if fs.Format != "" && fs.Format != "raw" {
			fs.Driver = "nbd"
		}
	}
	switch {
	case fs.Driver != "loop" && fs.Driver != "nbd":
		return unsupported(at+"@type", "'%s' is not supported; use loop or nbd", fs.Driver)
	case fs.Format != "" && !formatName().MatchString(fs.Format):
		return invalid(at+"@format", "'%.40s' is not the name of a format", fs.Format)
	case fs.Driver == "loop" && fs.Format != "" && fs.Format != "raw":
		return unsupported(at+"@format", "a loop device can show a raw file only, not '%s'; use type='nbd'", fs.Format)
	case fs.Driver == "nbd" && fs.Format == "":
		return unsupported(at+"@format", "it is missing: nbd must be told the format, since guessing it would trust the image")
	}
	if fs.Driver == "loop" {
		fs.Format = "raw"
	}
	return nil
}
