package lxcconf

import (
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// finishDevices takes the device policy, once it is known which devices the container has.
func (c *conversion) finishDevices() {
	told := false
	for _, e := range c.devices {
		deny := strings.HasSuffix(e.Key, ".deny")
		if words := strings.Fields(e.Value); !deny && len(words) == 3 && words[0] != "a" && words[1] == "*:*" && words[2] == "m" {
			if !told {
				c.warn(e, "'%.60s': <mknod state='on'/> in <capabilities> lets a container make the nodes of all devices, character and block", e.Value)
			}
			told = true
			continue
		}
		c.device(e, deny)
	}
}

// hasDevice reports whether a device of the host is given to the container.
func (c *conversion) hasDevice(node string) bool {
	return slices.ContainsFunc(c.def.HostDevices, func(d domain.HostDevice) bool { return d.Source == node })
}

// allowed returns the well-known devices below a directory that the device policy lets the container use.
func (c *conversion) allowed(dir string) (nodes []string) {
	for _, e := range c.devices {
		words := strings.Fields(e.Value)
		if strings.HasSuffix(e.Key, ".deny") || len(words) < 2 {
			continue
		}
		if node := wellKnown()[words[0]+" "+words[1]]; below(node, dir) && !slices.Contains(nodes, node) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// device takes a line of a device policy. Berth's own denies all, and allows what each container has and its
// <hostdev>s.
func (c *conversion) device(e syntax.Entry, deny bool) {
	words := strings.Fields(e.Value)
	switch {
	case len(words) == 0:
		return
	case deny && words[0] == "a":
		return
	case deny:
		c.warn(e, "'%.60s' is not taken away; without a <hostdev> the container has no device but the standard ones", e.Value)
		return
	case words[0] == "a":
		c.warn(e, "the container may not use all devices: give it each one as <hostdev>")
		return
	}
	if len(words) > 1 && words[0] == "c" && slices.Contains(standardNumbers(), words[1]) {
		return
	}
	if node := wellKnown()[strings.Join(words[:min(2, len(words))], " ")]; node != "" {
		if c.hasDevice(node) {
			return
		}
		c.warn(e, "the container may use it if it has a <hostdev> with %s", node)
		return
	}
	c.warn(e, "'%.60s' is not allowed by itself: give the container the device as <hostdev>", e.Value)
}

// standardNumbers returns those of null, zero, full, random, urandom, tty, console, ptmx and the terminals.
func standardNumbers() []string {
	return []string{"1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2", "136:*"}
}

// wellKnown returns devices that are often asked for, by their numbers (Documentation/admin-guide/devices.txt of the
// kernel).
func wellKnown() map[string]string {
	return map[string]string{
		"c 10:200": "/dev/net/tun", "c 10:229": "/dev/fuse", "c 10:232": "/dev/kvm", "c 10:228": "/dev/hpet", "c 254:0": "/dev/rtc0",
		"c 10:237": "/dev/loop-control", "c 226:0": "/dev/dri/card0", "c 226:128": "/dev/dri/renderD128",
	}
}
