package nspawnconf

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/native"
)

// Options say what a settings file does not.
type Options struct {
	Name string // of the machine: that of the file and of the image
	// Root is the root directory, a raw image or a block device, an absolute path of the host.
	Root string
	// Owner is the owner of the root directory, nil if it is not known. With a user namespace, systemd-nspawn gives a tree
	// to the range of ids that it was started with first, and the tree keeps that.
	Owner *uint32
	// Init is the program that Boot= starts; "" means /sbin/init.
	Init string
	// Untrusted says that the file is beside the image: systemd-nspawn ignores what gives rights there.
	Untrusted bool
	// DropIns change the unit of the container, in the order in which systemd applies them.
	DropIns []DropIn
}

// conversion is a container that is being converted.
type conversion struct {
	file     string
	options  Options
	def      domain.Def
	warnings []native.Warning

	exec    execution
	users   users
	files   files
	network network
	unit    unit
}

// Convert converts the text of a settings file, which may be empty. File is its name in errors and warnings. It returns
// an *native.Error if the text is no settings file, or if there is no name or no root.
func Convert(file, text string, o Options) (*native.Result, error) {
	c := &conversion{file: file, options: o, def: empty(), exec: execution{boot: true}, network: network{veth: true}}
	for _, missing := range []struct {
		is   bool
		text string
	}{
		{o.Name == "", "the container has no name"},
		{!strings.HasPrefix(o.Root, "/"), "the container has no root: the absolute path of a directory or image"},
	} {
		if missing.is {
			return nil, &native.Error{File: file, Text: missing.text}
		}
	}
	list, fault := lines(file, text, func(line int, text string) {
		c.warnings = append(c.warnings, native.Warning{File: file, Line: line, Text: text})
	})
	if fault != nil {
		return nil, fault
	}
	known := settings()
	for _, s := range list {
		c.setting(s, known)
	}
	if fault := c.readUnit(o.DropIns); fault != nil {
		return nil, fault
	}
	c.def.Name = o.Name
	c.finishRoot()
	c.finishExec()
	c.finishUsers()
	c.finishFiles()
	c.finishNetwork()
	c.finishCapabilities()
	c.finishUnit()
	c.warnings = append(c.warnings, native.Refused(c.def, c.file)...)
	xml, err := c.def.Format(domain.FormatOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &native.Result{XML: xml, Warnings: c.warnings}, nil
}

// empty returns the definition that each conversion begins with. systemd-nspawn limits no memory. It filters system
// calls, and gives a container no terminal besides its console.
func empty() domain.Def {
	unlimited := uint64(domain.Unlimited)
	return domain.Def{
		Memory: domain.Memory{Max: 64 << 10, Current: 64 << 10, HardLimit: &unlimited}, VCPUs: 1,
		Clock:      domain.Clock{Offset: "utc"},
		OnPoweroff: domain.ActionDestroy, OnReboot: domain.ActionRestart, OnCrash: domain.ActionDestroy,
		Consoles:  []domain.Console{{TargetType: "lxc"}},
		Extension: domain.Extension{Seccomp: "default"},
	}
}

// setting converts one assignment.
func (c *conversion) setting(s setting, known map[string]entry) {
	e, ok := known[s.section+"."+s.key]
	switch {
	case !ok && strings.HasPrefix(s.section, "X-"):
	case !ok:
		c.warn(s, "it is no setting that Berth knows of section [%.40s], and is lost", s.section)
	case e.privileged && c.options.Untrusted:
		c.warn(s, "it is ignored, as systemd-nspawn does: the file is beside the image, where nobody vouches for it")
	default:
		e.take(c, s)
	}
}

// warn notes what a line loses.
func (c *conversion) warn(s setting, format string, args ...any) {
	c.warnings = append(c.warnings, native.Warning{File: cmp.Or(s.file, c.file), Line: s.line, Text: s.key + "=: " + fmt.Sprintf(format, args...)})
}

// bad notes a value that means nothing.
func (c *conversion) bad(s setting, what string) {
	c.warn(s, "'%.60s' is not %s; systemd-nspawn passes over it, too", s.value, what)
}

// finishRoot makes the root file system.
func (c *conversion) finishRoot() {
	fs := domain.Filesystem{Type: domain.FSMount, AccessMode: "passthrough", Source: path.Clean(c.options.Root), Target: "/"}
	switch {
	case strings.HasPrefix(fs.Source, "/dev/"):
		fs.Type = domain.FSBlock
	case path.Ext(fs.Source) == ".raw":
		fs.Type, fs.Driver, fs.Format = domain.FSFile, "loop", "raw"
	}
	c.def.Filesystems = append(c.def.Filesystems, fs)
}
