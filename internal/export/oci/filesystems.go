package oci

import (
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// mountsDirectory has a directory in the bundle for each block device or image.
const mountsDirectory = "mounts"

// filesystems converts the file systems of the definition, in its order.
func (c *conversion) filesystems() {
	c.Filesystems(func(fs *domain.Filesystem, m plan.Mount, element string) {
		switch m.Kind {
		case plan.MountNew:
			c.newMount(m)
		case plan.MountSource:
			c.fromHost(m, element)
		case plan.MountInner:
			c.warn(element, "%s is not mounted on %s: a bundle names paths of the host only, and a path below the root could lead out of it by a link; name the directory of the host instead", fs.Source, fs.Target)
		case plan.MountView, plan.MountBootID:
		}
	})
}

func (c *conversion) fromHost(m plan.Mount, element string) {
	src := c.Plan.Sources[m.Source]
	out := specs.Mount{Destination: m.Target, Type: "bind", Source: src.Path, Options: append([]string{"bind"}, flags(m)...)}
	switch {
	case src.Kind != plan.SourceTree:
		out.Source = mountsDirectory + "/" + strconv.Itoa(m.Source)
		out.Options = append(out.Options, "nodev")
		c.bundle.Directories = append(c.bundle.Directories, out.Source)
		c.warnings.Instead(element, "no runtime mounts "+src.Path+"; mount it at "+out.Source+" in the bundle before each start", c.mountCommand(src, out.Source))
		if c.Plan.Namespaces.User {
			out = c.idMapped(out, element)
		}
	case c.host.Mapped(c.Source, src):
		out = c.idMapped(out, element)
	}
	c.config.Mounts = append(c.config.Mounts, out)
}

// idMapped has the owners in a mount mapped as the container's user namespace does it.
func (c *conversion) idMapped(m specs.Mount, element string) specs.Mount {
	m.UIDMappings, m.GIDMappings = idMappings(c.Plan.UIDs), idMappings(c.Plan.GIDs)
	m.Options = append(m.Options, "idmap")
	if c.config.Version != versionIDMap {
		c.config.Version = versionIDMap
		c.warn(element, "its owners are mapped by the mount; runc before 1.2 ignores that without a word, and shows the owners of the host as nobody")
	}
	return m
}
