package oci

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shellword"
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
		c.warnings.Instead(element, text+"; mount it at "+rootDirectory+" in the bundle before each start", command)
	}
	switch {
	case src.Kind != plan.SourceTree:
		mount("the root of a bundle is a directory, and "+src.Path+" is none", c.mountCommand(src, rootDirectory))
	case c.host.Mapped(c.Source, src):
		mount("a bundle cannot map the owners of the root, and "+src.Path+" has those of the host",
			fmt.Sprintf("mount --bind -o X-mount.idmap=%s %s %s", shellword.Quote(c.idMap()), shellword.Quote(src.Path), rootDirectory))
	case src.Path == "/":
		mount("no runtime starts in the host's own root", "mount --bind / "+rootDirectory)
		c.warn(element, "with that command, other file systems of the host are missing in the root; bind each that the container needs")
	}
	if c.Plan.Namespaces.User {
		c.warn("domain/idmap", "the runtime looks for the bundle, the root and sources as the root of the container, whom all directories on the way must let through")
	}
	if r.Readonly {
		c.warn(element, "the root is read-only, so the directories that mounts need must be in it: the runtime makes none, and leaves out no mount")
	}
}

// idMap writes the id map for mount(8) of util-linux 2.39 and later: inside, outside and count of each range.
func (c *conversion) idMap() string {
	var words []string
	for kind, list := range [][]plan.IDRange{c.Plan.UIDs, c.Plan.GIDs} {
		for _, r := range list {
			words = append(words, fmt.Sprintf("%c:%d:%d:%d", "ug"[kind], r.Inside, r.Outside, r.Count))
		}
	}
	return strings.Join(words, " ")
}

// mountCommand mounts a block device or an image at a place in the bundle. The owners in a root are mapped: nothing
// else can do it.
func (c *conversion) mountCommand(src plan.Source, at string) string {
	var options []string
	if src.ReadOnly {
		options = append(options, "ro")
	}
	options = append(options, "nodev")
	if src.Kind == plan.SourceImage && src.Format == "" {
		options = append(options, "loop")
	}
	if at == rootDirectory && c.Plan.Namespaces.User {
		options = append(options, "X-mount.idmap="+c.idMap())
	}
	path := shellword.Quote(src.Path)
	before := ""
	if src.Format != "" {
		before = fmt.Sprintf("qemu-nbd --connect=/dev/nbd0 --format=%s %s && ", shellword.Quote(src.Format), path)
		path = "/dev/nbd0"
	}
	return before + "mount -o " + shellword.Quote(strings.Join(options, ",")) + " " + path + " " + at
}
