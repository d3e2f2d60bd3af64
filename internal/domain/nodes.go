package domain

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxDevices limits the host devices of a container, and its disks.
const maxDevices = 128

// checkNodes notes each device whose place in the container's /dev is taken: by a node that every container has, or by
// another device.
func checkNodes(d *Def, _ *document, f *faults) {
	if len(d.HostDevices)+len(d.Disks) == 0 {
		return
	}
	taken := map[string]string{}
	for _, name := range []string{
		"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts", "shm", "mqueue", "fd", "stdin", "stdout", "stderr",
	} {
		taken["/dev/"+name] = "every container has that"
	}
	for i := range d.Consoles {
		taken["/dev/tty"+strconv.Itoa(i+1)] = "a console has that"
	}
	if d.Extension.Notify {
		taken["/dev/notify"] = "the socket of <berth:notify> has that"
	}
	for _, t := range d.Clock.Timers {
		if t.Device() && d.Clock.Offset == "localtime" {
			taken["/dev/"+t.Name] = "a timer has that"
		}
	}
	for i := range d.Disks {
		at := nth(atDisk, i)
		f.takeNode(taken, at+"/target@dev", "/dev/"+d.Disks[i].Target, at)
	}
	for i := range d.HostDevices {
		at, h := nth(atHostDevice, i), &d.HostDevices[i]
		switch h.Kind {
		case HostStorage:
			f.takeNode(taken, at+"/source/block", h.Source, at)
		case HostMisc:
			f.takeNode(taken, at+"/source/char", h.Source, at)
		case HostUSB, HostNet: // the start finds its place, or there is none
		}
	}
}

// takeNode notes a mistake if a path, or a directory on the way to it, is taken.
func (f *faults) takeNode(taken map[string]string, at, p, by string) {
	if p == "" || p == "/dev/" || f.within(at) {
		return
	}
	for up := p; up != "/dev" && up != "/"; up = path.Dir(up) {
		if why := taken[up]; why != "" {
			f.unsupported(at, "the container's %s is taken: %s", up, why)
			return
		}
	}
	for _, other := range slices.Sorted(maps.Keys(taken)) {
		if strings.HasPrefix(other, p+"/") {
			f.unsupported(at, "the container's %s is taken: %s", other, taken[other])
			return
		}
	}
	taken[p] = by + " has that"
}
