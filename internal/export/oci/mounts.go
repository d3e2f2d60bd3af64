package oci

import (
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/plan"
)

// mounts converts the mounts that every container has.
func (c *conversion) mounts() {
	l := c.config.Linux
	l.ReadonlyPaths, l.MaskedPaths = slices.Clone(c.Plan.ReadOnlyPaths), slices.Clone(c.Plan.MaskedPaths)
	for _, m := range c.Plan.Mounts {
		switch m.Kind {
		case plan.MountNew:
			c.newMount(m)
		case plan.MountInner: // those of /proc/sys: all others are file systems of the definition
			c.innerMount(m)
		case plan.MountSource:
			c.borrowed(m)
		case plan.MountView, plan.MountBootID: // see lost
		}
	}
	cgroup := specs.Mount{Destination: c.Plan.Cgroup.Target, Type: "cgroup", Source: "cgroup", Options: flags(c.Plan.Cgroup)}
	at := slices.IndexFunc(c.config.Mounts, func(m specs.Mount) bool { return m.Destination == "/sys" })
	c.config.Mounts = slices.Insert(c.config.Mounts, at+1, cgroup) // read-only mounts of others follow
}

func (c *conversion) newMount(m plan.Mount) {
	source := m.Type
	if len(m.Files) > 0 {
		c.ownFiles(m)
		return
	}
	c.config.Mounts = append(c.config.Mounts, specs.Mount{Destination: m.Target, Type: m.Type, Source: source, Options: append(flags(m), parameters(m)...)})
}

// ownFiles has a file system with files come from a directory of the bundle.
func (c *conversion) ownFiles(m plan.Mount) {
	dir := strings.ReplaceAll(strings.Trim(m.Target, "/"), "/", "-")
	for _, f := range m.Files {
		c.bundle.Files[path.Join(dir, f.Name)] = f.Content
	}
	c.config.Mounts = append(c.config.Mounts, specs.Mount{Destination: m.Target, Type: "bind", Source: dir, Options: append([]string{"bind"}, flags(m)...)})
}

// innerMount converts a bind of a part of /proc onto itself, which makes that read-only. A runtime makes nothing in it
// writable again.
func (c *conversion) innerMount(m plan.Mount) {
	switch {
	case m.From == m.Target && m.ReadOnly:
		c.config.Linux.ReadonlyPaths = append(c.config.Linux.ReadonlyPaths, m.Target)
	case strings.HasSuffix(m.Target, "/ipv4"):
		c.warn("domain/features/privnet", "/proc/sys/net/ipv4 and ipv6 are read-only as all of /proc/sys; linux.sysctl in config.json can set what the container would")
	}
}

// borrowed converts a mount from the host. The nodes of devices are those that a runtime makes itself, or in devices.
func (c *conversion) borrowed(m plan.Mount) {
	src := c.Plan.Sources[m.Source]
	switch {
	case src.Kind == plan.SourceSysfs: // the runtime mounts it where it may: in the joined network namespace
		c.config.Mounts = append(c.config.Mounts, specs.Mount{Destination: m.Target, Type: "sysfs", Source: "sysfs", Options: []string{"ro", "nosuid", "nodev", "noexec"}})
	case src.Kind == plan.SourceTree && src.Path == "/sys":
		c.config.Mounts = append(c.config.Mounts, specs.Mount{Destination: m.Target, Type: "bind", Source: src.Path, Options: []string{"rbind", "ro", "nosuid", "nodev", "noexec"}})
	}
}

// flags returns the options that belong to a mount.
func flags(m plan.Mount) (out []string) {
	for _, f := range []struct {
		word string
		set  bool
	}{{"ro", m.ReadOnly}, {"nosuid", m.NoSUID}, {"nodev", m.NoDev}, {"noexec", m.NoExec}} {
		if f.set {
			out = append(out, f.word)
		}
	}
	return out
}

// parameters returns the options that belong to a file system.
func parameters(m plan.Mount) (out []string) {
	if m.Type == "devpts" {
		out = append(out, "newinstance")
	}
	for _, o := range m.Options {
		word := o.Key
		if o.Value != "" {
			word += "=" + o.Value
		}
		out = append(out, word)
	}
	return out
}
