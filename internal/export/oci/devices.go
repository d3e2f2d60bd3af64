package oci

import (
	"io/fs"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
	"github.com/berthd/berth/internal/shellword"
)

// devices converts the host's devices that the container has, and the list of those that it may use.
func (c *conversion) devices() {
	chosen := map[string]bool{} // what stands for a loop device that a start chooses
	for _, n := range c.Nodes() {
		c.node(n)
		if n.Image != "" {
			chosen[planner.LoopOf(n.Image)] = true
		}
	}
	allowed := []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}
	for _, d := range c.Scope.Devices {
		if rule, ok := deviceRule(d); ok && !chosen[d.Path] {
			allowed = append(allowed, rule)
		}
	}
	c.config.Linux.Resources = &specs.LinuxResources{Devices: allowed}
}

// node converts one device. The root of a user namespace may make none, so that the host's is mounted instead.
func (c *conversion) node(n export.Node) {
	switch {
	case n.Image != "":
		c.warnings.Instead(n.Element, "no runtime makes a loop device: give the container that of the image, in linux.devices and linux.resources.devices", "losetup --find --show "+shellword.Quote(n.Image))
	case c.Plan.Namespaces.User:
		c.config.Mounts = append(c.config.Mounts, specs.Mount{Destination: n.Path, Type: "bind", Source: n.Source, Options: []string{"bind", "nosuid", "noexec"}})
		c.warn(n.Element, "%s is the host's node %s with its owner, which nobody in the container is: only its mode can let the container use it", n.Path, n.Source)
	default:
		kind := "c"
		if n.Block {
			kind = "b"
		}
		mode, root := fs.FileMode(n.Mode), uint32(0)
		c.config.Linux.Devices = append(c.config.Linux.Devices, specs.LinuxDevice{
			Path: n.Path, Type: kind, Major: int64(n.Major), Minor: int64(n.Minor), FileMode: &mode, UID: &root, GID: &root,
		})
	}
}

// numbers are those of the devices that a scope names by their paths (Documentation/admin-guide/devices.txt).
func numbers(path string) (major, minor int64, known bool) {
	n, known := map[string][2]int64{
		"/dev/null": {1, 3}, "/dev/zero": {1, 5}, "/dev/full": {1, 7}, "/dev/random": {1, 8}, "/dev/urandom": {1, 9},
		"/dev/tty": {5, 0}, "/dev/ptmx": {5, 2}, "/dev/fuse": {10, 229}, "char-pts": {136, -1}, "char-*": {-1, -1}, "block-*": {-1, -1},
	}[path]
	return n[0], n[1], known
}

// deviceRule converts an entry of DeviceAllow=. It returns false if it cannot know the device's numbers.
func deviceRule(d plan.DeviceAllow) (specs.LinuxDeviceCgroup, bool) {
	rule := specs.LinuxDeviceCgroup{Allow: true, Type: "c", Access: d.Access}
	if strings.HasPrefix(d.Path, "block") || strings.HasPrefix(d.Path, "/dev/block/") {
		rule.Type = "b"
	}
	major, minor, known := numbers(d.Path)
	if !known {
		first, second, found := strings.Cut(d.Path[strings.LastIndexByte(d.Path, '/')+1:], ":")
		m, err := strconv.ParseUint(first, 10, 32)
		n, nerr := strconv.ParseUint(second, 10, 32)
		if !found || err != nil || nerr != nil {
			return rule, false
		}
		major, minor = int64(m), int64(n)
	}
	if major >= 0 {
		rule.Major = &major
	}
	if minor >= 0 {
		rule.Minor = &minor
	}
	return rule, true
}
