package oci

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/plan"
)

// rootDirectory is the root in the bundle of a container whose root must be mounted first.
const rootDirectory = "rootfs"

// root refers to the root. Nothing is copied.
func (c *conversion) root() {
	src := c.Plan.Sources[0]
	r := &specs.Root{Path: src.Path, Readonly: src.ReadOnly}
	c.config.Root = r
	element := c.RootElement()
	mount := func(text, command string) {
		r.Path = rootDirectory
		c.bundle.Directories = append(c.bundle.Directories, rootDirectory)
		c.warnings.Instead(element, text+", mount it at "+rootDirectory+" in the bundle before each start", command)
	}
	switch {
	case src.Kind != plan.SourceTree:
		mount("a bundle's root is a directory: "+src.Path+" is none", mountCommand(src, rootDirectory))
	case c.host.Mapped(c.Source, src):
		mount("a bundle cannot map the owners of the root, which belong to the host's ids in "+src.Path,
			fmt.Sprintf("mount --bind -o X-mount.idmap=%s %s %s", export.Quote("u:"+ranges(c.Plan.UIDs, "u:")+" g:"+ranges(c.Plan.GIDs, "g:")), export.Quote(src.Path), rootDirectory))
	case src.Path == "/":
		mount("no runtime starts in the host's own root", "mount --bind / "+rootDirectory)
		c.warn(element, "with that command, other file systems of the host are missing in the root; bind each that the container needs")
	}
	if r.Readonly {
		c.warn(element, "the root is read-only, so the directories that mounts need must be in it: the runtime makes none, and leaves out no mount")
	}
}

// ranges writes an id map for mount(8): inside, outside and count of each range.
func ranges(list []plan.IDRange, kind string) string {
	var words []string
	for _, r := range list {
		words = append(words, fmt.Sprintf("%d:%d:%d", r.Inside, r.Outside, r.Count))
	}
	return strings.Join(words, " "+kind)
}

// mountCommand mounts a block device or an image at a place in the bundle.
func mountCommand(src plan.Source, at string) string {
	var options []string
	if src.ReadOnly {
		options = append(options, "ro")
	}
	options = append(options, "nodev")
	if src.Kind == plan.SourceImage && src.Format == "" {
		options = append(options, "loop")
	}
	path := export.Quote(src.Path)
	before := ""
	if src.Format != "" {
		before = fmt.Sprintf("qemu-nbd --connect=/dev/nbd0 --format=%s %s && ", export.Quote(src.Format), path)
		path = "/dev/nbd0"
	}
	return before + "mount -o " + strings.Join(options, ",") + " " + path + " " + at
}
