package nspawnconf

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// ramSize is the size of a file system in memory without an absolute one. systemd-nspawn's is a part of the host's
// memory.
const ramSize = 256 << 20

// files is what [Files] says of the root.
type files struct {
	readOnly bool
	volatile string // "", state or all
	mounts   []domain.Filesystem
}

func (c *conversion) readOnly(s setting) {
	on, ok := boolean(s.value)
	if !ok {
		c.bad(s, "a boolean")
		return
	}
	c.files.readOnly = on
}

func (c *conversion) volatile(s setting) {
	on, ok := boolean(s.value)
	switch {
	case ok && !on, s.value == "":
		c.files.volatile = ""
	case s.value == "state":
		c.files.volatile = "state"
		c.warn(s, "/var gets %d MiB of memory: a <filesystem> has an absolute size; its mode is 1777, until the container's tmpfiles.d(5) sets it", ramSize>>20)
	case ok, s.value == "overlay":
		c.files.volatile = "all"
		c.warn(s, "the root is read-only instead: Berth makes no root in memory and no overlay")
	default:
		c.bad(s, "a boolean, state or overlay")
	}
}

// bind takes SOURCE:TARGET:OPTIONS. A + before the source means a path of the container, and a - that it may be
// missing.
func (c *conversion) bind(s setting) {
	list := parts(s.value)
	if s.value == "" || len(list) > 3 {
		c.bad(s, "SOURCE:TARGET:OPTIONS")
		return
	}
	source, optional := strings.CutPrefix(list[0], "-")
	inner, inside := strings.CutPrefix(source, "+")
	target := inner
	if len(list) > 1 && list[1] != "" {
		target = list[1]
	}
	if len(list) == 3 {
		c.bindOptions(s, list[2])
	}
	fs := domain.Filesystem{Type: domain.FSMount, AccessMode: "passthrough", Source: path.Clean(inner), Target: path.Clean(target), ReadOnly: s.key == "BindReadOnly"}
	switch {
	case inner == "":
		c.warn(s, "%.200s has no source: systemd-nspawn makes a directory for each run; name one, or a <filesystem type='ram'>", target)
		return
	case !strings.HasPrefix(inner, "/") || !strings.HasPrefix(target, "/"):
		c.bad(s, "a pair of absolute paths")
		return
	case inside:
		fs.Type = domain.FSBind
	case strings.HasPrefix(fs.Source, "/dev/"):
		if c.device(s, fs) {
			return
		}
	}
	if optional {
		c.warn(s, "a <filesystem> is not optional: without %.200s the container does not start", inner)
	}
	c.files.mounts = append(c.files.mounts, fs)
}

func (c *conversion) bindOptions(s setting, list string) {
	for option := range strings.SplitSeq(list, ",") {
		switch option {
		case "", "rbind", "idmap", "noidmap":
			// Berth maps the owners of each source, as the mount with idmap does; without a user namespace none does.
			if option == "noidmap" && c.users.mode != "no" {
				c.warn(s, "noidmap: the owners of the source are mapped, so that they are the container's")
			}
		default:
			c.warn(s, "%.60s: the option of a mount is not taken over", option)
		}
	}
}

// device makes a device of the container of a node of the host's /dev. It returns false if the source is a directory.
func (c *conversion) device(s setting, fs domain.Filesystem) bool {
	name := strings.TrimPrefix(fs.Source, "/dev/")
	if slices.Contains([]string{"dri", "snd", "input", "bus", "bus/usb", "shm", "pts", "mapper", "disk", "net", "hugepages", "mqueue", "dvb", "serial", "v4l", "usb"}, name) || strings.HasPrefix(name, "shm/") {
		c.warn(s, "the container may use no device in %.200s: give it each one as <hostdev>", fs.Source)
		return false
	}
	if slices.Contains([]string{"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"}, name) {
		return true // each container has it
	}
	d := domain.HostDevice{Kind: domain.HostMisc, Source: fs.Source}
	for _, prefix := range []string{"sd", "vd", "xvd", "nvme", "loop", "dm-", "mapper/", "disk/", "md", "sr", "mmcblk", "nbd", "zd", "rbd"} {
		if strings.HasPrefix(name, prefix) && name != "loop-control" {
			d.Kind = domain.HostStorage
		}
	}
	if fs.Target != d.Source {
		c.warn(s, "the device is at %.200s in the container, as on the host", d.Source)
	}
	if !slices.ContainsFunc(c.def.HostDevices, func(o domain.HostDevice) bool { return o.Source == d.Source }) {
		c.def.HostDevices = append(c.def.HostDevices, d)
	}
	return true
}

// temporary takes TARGET:OPTIONS of a tmpfs.
func (c *conversion) temporary(s setting) {
	list := parts(s.value)
	if len(list) > 2 || !strings.HasPrefix(list[0], "/") {
		c.bad(s, "an absolute path with the options of a tmpfs")
		return
	}
	fs := domain.Filesystem{Type: domain.FSRAM, AccessMode: "passthrough", Target: path.Clean(list[0])}
	var lost []string
	mode := "0755" // systemd-nspawn's, without options
	if len(list) == 2 {
		mode = "1777" // the kernel's
		for option := range strings.SplitSeq(list[1], ",") {
			value, isSize := strings.CutPrefix(option, "size=")
			bits, isMode := strings.CutPrefix(option, "mode=")
			n, ok := tmpfsSize(value)
			switch {
			case isSize && ok:
				fs.Usage = n
			case isSize && strings.HasSuffix(value, "%"): // said below
			case isMode:
				mode = bits
			case option == "ro":
				fs.ReadOnly = true
			case option == "", option == "rw", option == "nosuid", option == "nodev", option == "strictatime":
			default:
				lost = append(lost, option)
			}
		}
	}
	if len(lost) > 0 {
		c.warn(s, "%.200s: the options of a mount are not taken over", strings.Join(lost, ","))
	}
	if mode != "1777" && mode != "01777" {
		c.warn(s, "%.200s: its mode is 1777, so that everybody may write there; chmod %.10s has to be done in the container, such as by tmpfiles.d(5)", fs.Target, mode)
	}
	if fs.Usage == 0 {
		fs.Usage = ramSize
		c.warn(s, "%.200s gets %d MiB of memory: a <filesystem> has an absolute size", fs.Target, ramSize>>20)
	}
	c.files.mounts = append(c.files.mounts, fs)
}

// tmpfsSize reads a size as tmpfs(5) has it: bytes, or with k, m or g.
func tmpfsSize(text string) (uint64, bool) {
	n, ok := size(strings.ToUpper(text))
	if _, err := strconv.ParseUint(text, 10, 63); err != nil && !strings.ContainsAny(text, "kKmMgGtTpPeE") {
		return 0, false
	}
	return n, ok && n > 0
}

// finishFiles adds the mounts after the root.
func (c *conversion) finishFiles() {
	root := &c.def.Filesystems[0]
	root.ReadOnly = c.files.readOnly || c.files.volatile != ""
	if c.files.volatile == "state" {
		c.def.Filesystems = append(c.def.Filesystems, domain.Filesystem{Type: domain.FSRAM, AccessMode: "passthrough", Target: "/var", Usage: ramSize})
	}
	c.def.Filesystems = append(c.def.Filesystems, c.files.mounts...)
}
