package lxcconf

import (
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// mountEntry keeps a mount until the root is known, below which its target may be written.
func (c *conversion) mountEntry(e syntax.Entry) {
	if e.Value == "" {
		c.mounts = nil
		return
	}
	c.mounts = append(c.mounts, e)
}

// mountLine is one line as of fstab(5).
type mountLine struct {
	syntax.Entry

	source, target, kind string
	options              []string
}

func (m *mountLine) has(option string) bool { return slices.Contains(m.options, option) }

// value returns what an option has behind "=".
func (m *mountLine) value(name string) string {
	for _, option := range m.options {
		if v, ok := strings.CutPrefix(option, name+"="); ok {
			return v
		}
	}
	return ""
}

func (c *conversion) finishMounts() {
	for _, e := range c.mounts {
		words := strings.Fields(e.Value)
		if len(words) < 3 {
			c.fail(e, "it has %d words: a mount is SOURCE TARGET TYPE OPTIONS", len(words))
			return
		}
		unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace
		m := mountLine{Entry: e, source: unescape(words[0]), target: c.inside(unescape(words[1])), kind: words[2]}
		if len(words) > 3 {
			m.options = fields(words[3], ",")
		}
		c.mount(m)
	}
}

// inside returns a target as a path in the container. Some write it as a path of the host below the root, or below
// the directory where LXC mounts that.
func (c *conversion) inside(target string) string {
	_, source := c.root.split()
	for _, above := range []string{source, c.root.mount.Value, "/usr/lib/lxc/rootfs", "/usr/lib/x86_64-linux-gnu/lxc/rootfs"} {
		above = strings.TrimSuffix(above, "/")
		if rest, below := strings.CutPrefix(target, above+"/"); below && above != "" {
			target = rest
			break
		}
	}
	return path.Clean("/" + target)
}

// own returns the mounts that each container has, by type and target.
func own() []string {
	return []string{
		"proc /proc", "sysfs /sys", "securityfs /sys/kernel/security", "selinuxfs /sys/fs/selinux", "devpts /dev/pts", "cgroup /sys/fs/cgroup",
		"cgroup2 /sys/fs/cgroup", "mqueue /dev/mqueue",
	}
}

func (c *conversion) mount(m mountLine) {
	bind := m.has("bind") || m.has("rbind")
	fs := domain.Filesystem{Type: domain.FSMount, AccessMode: "passthrough", Source: m.source, Target: m.target, ReadOnly: m.has("ro")}
	switch {
	case slices.Contains(own(), m.kind+" "+m.target), m.kind == "tmpfs" && m.target == "/dev/shm" && m.value("size") == "":
		return
	case bind && m.source == m.target && (m.target == "/proc" || below(m.target, "/proc") || m.target == "/sys" || m.target == "/sys/fs/selinux" || m.target == "/sys/kernel/security"):
		c.warn(m.Entry, "%s is the container's own", m.target)
		return
	case m.kind == "tmpfs" && !bind:
		fs.Type, fs.Source, fs.Usage = domain.FSRAM, "", c.ramSize(m)
	case m.has("optional") && (below(m.source, "/sys") || below(m.source, "/proc")):
		c.warn(m.Entry, "%.200s is not mounted: a <filesystem> is not optional", m.source)
		return
	case bind && below(m.source, "/dev"):
		if c.deviceNode(m) {
			return
		}
	case bind:
	case m.has("loop"):
		fs.Type, fs.Driver, fs.Format = domain.FSFile, "loop", "raw"
	case strings.HasPrefix(m.source, "/dev/"):
		fs.Type = domain.FSBlock
	case m.kind == "none" || m.kind == "auto":
	default:
		c.warn(m.Entry, "%.200s is not mounted: Berth mounts no file system of type %.40s", m.target, m.kind)
		return
	}
	if fs.Type != domain.FSRAM && !strings.HasPrefix(m.source, "/") {
		c.warn(m.Entry, "%.200s is not mounted: its source '%.200s' is not an absolute path", m.target, m.source)
		return
	}
	if m.has("optional") {
		c.warn(m.Entry, "a <filesystem> is not optional: without %.200s the container does not start", m.source)
	}
	c.lostOptions(m, fs)
	c.def.Filesystems = append(c.def.Filesystems, fs)
}

// lostOptions warns of options that change what is mounted.
func (c *conversion) lostOptions(m mountLine, fs domain.Filesystem) {
	known := []string{"bind", "rbind", "ro", "rw", "defaults", "optional", "create=dir", "create=file", "loop", "auto", "relatime"}
	ram := fs.Type == domain.FSRAM
	if ram { // what each has
		known = append(known, "nosuid", "nodev", "mode=1777", "mode=01777")
	}
	var lost []string
	for _, option := range m.options {
		mode, isMode := strings.CutPrefix(option, "mode=")
		switch {
		case slices.Contains(known, option), ram && strings.HasPrefix(option, "size="):
		case ram && isMode:
			c.warn(m.Entry, "%.200s: its mode is 1777, so that everybody may write there; chmod %.10s has to be done in the container, such as by tmpfiles.d(5)", fs.Target, mode)
		default:
			lost = append(lost, option)
		}
	}
	if len(lost) > 0 {
		c.warn(m.Entry, "%.200s: the options of a mount are not taken over", strings.Join(lost, ","))
	}
}

// ramSize returns the size of a tmpfs in bytes.
func (c *conversion) ramSize(m mountLine) uint64 {
	text := m.value("size")
	if text == "" {
		text = "50%" // the kernel's default
	}
	if percent, relative := strings.CutSuffix(text, "%"); relative {
		n, ok := number(percent)
		if !ok || n == 0 || n > 100 {
			c.fail(m.Entry, "size='%.40s' is neither a size nor a part of the memory in %%", text)
			return 0
		}
		usage := max(64<<20/100*n, 1<<20)
		c.warn(m.Entry, "a <filesystem> has an absolute size: %s is taken as of 64 MiB, which is %d KiB", text, usage>>10)
		return usage &^ 1023
	}
	n, ok := bytes(text)
	if !ok || n == 0 {
		c.fail(m.Entry, "size='%.40s' is not a size such as 64m", text)
	}
	return n
}

// deviceNode makes a device of the container of a node of the host's /dev that is mounted. It returns false if the
// source is a directory.
func (c *conversion) deviceNode(m mountLine) bool {
	name := strings.TrimPrefix(path.Clean(m.source), "/dev/")
	directories := []string{"dri", "snd", "input", "bus", "bus/usb", "shm", "pts", "mapper", "disk", "net", "hugepages", "mqueue", "dvb", "serial", "v4l", "usb"}
	if m.has("create=dir") || slices.Contains(directories, name) || below(m.source, "/dev/shm") {
		return c.deviceDirectory(m)
	}
	if standard(name) {
		return true
	}
	d := domain.HostDevice{Kind: domain.HostMisc, Source: path.Clean(m.source)}
	for _, prefix := range []string{"sd", "vd", "xvd", "nvme", "loop", "dm-", "mapper/", "disk/", "md", "sr", "mmcblk", "nbd", "zd", "rbd"} {
		if strings.HasPrefix(name, prefix) {
			d.Kind = domain.HostStorage
		}
	}
	if m.target != d.Source {
		c.warn(m.Entry, "the device is at %.200s in the container, as on the host", d.Source)
	}
	if m.has("optional") {
		c.warn(m.Entry, "a <hostdev> is not optional: without %.200s the container does not start", m.source)
	}
	if !c.hasDevice(d.Source) {
		c.def.HostDevices = append(c.def.HostDevices, d)
	}
	return true
}

// deviceDirectory makes devices of those in a directory that the device policy names. It returns false if there are
// none: the directory is mounted then, which lets nobody use what is in it.
func (c *conversion) deviceDirectory(m mountLine) bool {
	nodes := c.allowed(path.Clean(m.source))
	if len(nodes) == 0 {
		c.warn(m.Entry, "the container may use no device in %.200s: give it each one as <hostdev>", m.source)
		return false
	}
	c.warn(m.Entry, "of %.200s the container has what the device policy names: %s", m.source, strings.Join(nodes, ", "))
	for _, node := range nodes {
		if !c.hasDevice(node) {
			c.def.HostDevices = append(c.def.HostDevices, domain.HostDevice{Kind: domain.HostMisc, Source: node})
		}
	}
	return true
}

// standard reports whether each container has a device.
func standard(name string) bool {
	return slices.Contains([]string{"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"}, name)
}

func below(p, dir string) bool { return strings.HasPrefix(path.Clean(p), dir+"/") }

// mountAuto warns of the words that ask for something else than what a container has.
func (c *conversion) mountAuto(e syntax.Entry) {
	for word := range strings.FieldsSeq(e.Value) {
		switch word {
		case "proc", "proc:mixed":
		case "proc:rw":
			c.warn(e, "%s: the files of /proc that set the host stay read-only", word)
		case "sys", "sys:ro", "sys:mixed":
		case "sys:rw":
			c.warn(e, "%s: /sys stays read-only", word)
		case "cgroup", "cgroup:mixed", "cgroup:rw", "cgroup:mixed:force", "cgroup:rw:force":
		default:
			if strings.HasPrefix(word, "cgroup") {
				c.warn(e, "%.60s: the container sees its own control groups, and may change them", word)
				continue
			}
			c.warn(e, "%.60s: it has no counterpart, and is lost", word)
		}
	}
}
