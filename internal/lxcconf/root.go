package lxcconf

import (
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// root is what the keys say of the root directory.
type root struct{ path, backend, options, mount syntax.Entry }

// backends returns the prefixes of lxc.rootfs.path.
func backends() []string {
	return []string{"dir", "overlay", "overlayfs", "aufs", "loop", "block", "lvm", "btrfs", "zfs", "nbd", "rbd"}
}

// split returns the backend and the rest of the path.
func (r *root) split() (backend, rest string) {
	backend, rest = r.backend.Value, r.path.Value
	if prefix, after, ok := strings.Cut(rest, ":"); ok && slices.Contains(backends(), prefix) {
		return prefix, after
	}
	return backend, rest
}

// finishRoot makes the root file system.
func (c *conversion) finishRoot() {
	e := c.root.path
	if e.Value == "" {
		c.fail(syntax.Entry{File: c.file, Key: "lxc.rootfs.path"}, "it is missing: the container has no root directory")
		return
	}
	fs := domain.Filesystem{Type: domain.FSMount, AccessMode: "passthrough", Target: "/"}
	backend, source := c.root.split()
	switch backend {
	case "overlay", "overlayfs", "aufs":
		source, _, _ = strings.Cut(strings.TrimPrefix(source, "dir:"), ":")
		fs.ReadOnly = true
		c.warn(e, "Berth mounts no overlay: the root is the lowest layer, read-only; mount the overlay on the host, and name its directory to write to it")
	case "loop":
		fs.Type, fs.Driver, fs.Format = domain.FSFile, "loop", "raw"
	case "nbd":
		fs.Type, fs.Driver, fs.Format = domain.FSFile, "nbd", imageFormat(source)
	case "block", "lvm":
		fs.Type = domain.FSBlock
	case "rbd", "zfs":
		if !strings.HasPrefix(source, "/") {
			c.fail(e, "'%.60s' is no path of the host: mount the %s volume, and name its directory", source, backend)
			return
		}
	default:
		switch {
		case strings.HasPrefix(source, "/dev/"):
			fs.Type = domain.FSBlock
		case backend == "" && slices.Contains([]string{".img", ".raw"}, path.Ext(source)):
			fs.Type, fs.Driver, fs.Format = domain.FSFile, "loop", "raw"
		}
	}
	if !strings.HasPrefix(source, "/") {
		c.fail(e, "'%.60s' is not an absolute path", source)
		return
	}
	fs.Source = path.Clean(source)
	c.rootOptions(&fs)
	if m := c.root.mount; m.Value != "" {
		c.warn(m, "the host has no mount of the root")
	}
	c.def.Filesystems = append([]domain.Filesystem{fs}, c.def.Filesystems...)
}

func (c *conversion) rootOptions(fs *domain.Filesystem) {
	var lost []string
	for _, option := range fields(c.root.options.Value, ",") {
		switch option {
		case "ro":
			fs.ReadOnly = true
		case "rw", "defaults", "idmap=container":
		default:
			lost = append(lost, option)
		}
	}
	if len(lost) > 0 {
		c.warn(c.root.options, "%.200s: the options of a mount are not taken over", strings.Join(lost, ","))
	}
}

// imageFormat returns the format of an image by its name.
func imageFormat(name string) string {
	switch format := strings.TrimPrefix(path.Ext(name), "."); format {
	case "qcow2", "vdi", "vmdk", "vhdx":
		return format
	}
	return "raw"
}

// fields returns the parts of a list that are not empty.
func fields(list, separator string) (out []string) {
	for part := range strings.SplitSeq(list, separator) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
