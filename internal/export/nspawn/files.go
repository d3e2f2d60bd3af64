package nspawn

import (
	"fmt"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shellword"
)

// root refers to the root, on the command line: a settings file cannot.
func (c *conversion) root() {
	src, element := c.Plan.Sources[0], c.RootElement()
	switch {
	case src.Kind == plan.SourceTree:
		c.arguments = append(c.arguments, "--directory="+src.Path)
	case src.Format != "":
		c.arguments = append(c.arguments, "--directory=/var/lib/machines/"+c.machine)
		c.warnings.Instead(element, "systemd-nspawn reads raw images only: mount this one at /var/lib/machines/"+c.machine+" before each start, with the mode 0700 for /var/lib/machines: the root has setuid programs",
			fmt.Sprintf("qemu-nbd --connect=/dev/nbd0 --format=%s %s && mount -o nodev /dev/nbd0 /var/lib/machines/%s", shellword.Quote(src.Format), shellword.Quote(src.Path), c.machine))
	default:
		c.arguments = append(c.arguments, "--image="+src.Path)
	}
	if src.Path == "/" {
		c.warn(element, "systemd-nspawn starts in the host's own root with --ephemeral or --read-only only; give the container a root of its own")
	}
	if src.ReadOnly {
		c.files.set("ReadOnly", "yes")
	}
}

// filesystems converts the file systems of the definition, in its order.
func (c *conversion) filesystems() {
	c.Filesystems(func(fs *domain.Filesystem, m plan.Mount, element string) {
		switch m.Kind {
		case plan.MountNew:
			c.path(element, &c.files, "TemporaryFileSystem", part(m.Target)+":"+temporary(m))
		case plan.MountInner:
			c.bind(element, m, "+"+fs.Source, "")
		case plan.MountSource:
			c.fromHost(m, element)
		case plan.MountView, plan.MountBootID:
		}
	})
}

func (c *conversion) fromHost(m plan.Mount, element string) {
	src := c.Plan.Sources[m.Source]
	if src.Kind != plan.SourceTree {
		options := "nodev,nosuid"
		if src.ReadOnly {
			options += ",ro"
		}
		if src.Kind == plan.SourceImage {
			options += ",loop"
		}
		c.warnings.Instead(element, fmt.Sprintf("systemd-nspawn mounts no block device or image at %s: mount it on the host before each start, below a directory with the mode 0700, and bind it by Bind=; leave nosuid out only if the container needs setuid programs from it", m.Target),
			fmt.Sprintf("mount -o %s %s DIRECTORY", options, shellword.Quote(src.Path)))
		return
	}
	options := ":norbind"
	if c.host.Mapped(c.Source, src) {
		options += ",idmap"
	}
	c.bind(element, m, src.Path, options)
}

func (c *conversion) bind(element string, m plan.Mount, source, options string) {
	key := "Bind"
	if m.ReadOnly {
		key = "BindReadOnly"
	}
	c.path(element, &c.files, key, part(source)+":"+part(m.Target)+options)
}

// temporary has the options of a tmpfs. systemd-nspawn gives it the mode 0755 otherwise, and takes devices away.
func temporary(m plan.Mount) string {
	words := []string{"mode=1777"}
	if m.NoSUID {
		words = append(words, "nosuid")
	}
	for _, o := range m.Options {
		words = append(words, o.Key+"="+o.Value)
	}
	return strings.Join(words, ",")
}

// devices converts the host's devices: each is bound, and the service may use it.
func (c *conversion) devices() {
	for _, n := range c.Nodes() {
		if n.Image != "" {
			c.warnings.Instead(n.Element, "systemd-nspawn makes no loop device: bind that of the image to "+n.Path+" by Bind=, and give the service a DeviceAllow= for it", "losetup --find --show "+shellword.Quote(n.Image))
			continue
		}
		c.path(n.Element, &c.files, "Bind", part(n.Source)+":"+part(n.Path))
		c.service.set("DeviceAllow", n.Source+" "+n.Access)
		c.warn(n.Element, "the node %s has the owner and the mode of the host's; without the drop-in nobody may use it", n.Path)
	}
}
