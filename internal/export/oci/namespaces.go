package oci

import (
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/plan"
)

// namespaces lists the new ones, and those that are joined and have a path. A namespace that is not in the list is the
// host's, so that one without a path becomes a new one.
func (c *conversion) namespaces() {
	p, l := c.Plan, c.config.Linux
	add := func(kind specs.LinuxNamespaceType, path string) {
		l.Namespaces = append(l.Namespaces, specs.LinuxNamespace{Type: kind, Path: path})
	}
	add(specs.PIDNamespace, "")
	add(specs.MountNamespace, "")
	for _, n := range []struct {
		kind specs.LinuxNamespaceType
		is   bool
	}{
		{specs.IPCNamespace, p.Namespaces.IPC},
		{specs.UTSNamespace, p.Namespaces.UTS},
		{specs.NetworkNamespace, p.Namespaces.Net},
		{specs.UserNamespace, p.Namespaces.User},
		{specs.CgroupNamespace, p.Namespaces.Cgroup},
	} {
		if n.is {
			add(n.kind, "")
		}
	}
	for _, j := range p.Join {
		add(c.join(j))
	}
	if p.Namespaces.User {
		l.UIDMappings, l.GIDMappings = idMappings(p.UIDs), idMappings(p.GIDs)
	}
}

func (c *conversion) join(j plan.Join) (specs.LinuxNamespaceType, string) {
	kinds := map[string]specs.LinuxNamespaceType{"net": specs.NetworkNamespace, "ipc": specs.IPCNamespace, "uts": specs.UTSNamespace}
	element := "domain/lxc:namespace/lxc:share" + j.Kind
	switch {
	case j.NetNS != "":
		return kinds[j.Kind], "/run/netns/" + j.NetNS
	case j.PID != 0:
		return kinds[j.Kind], "/proc/" + strconv.FormatUint(uint64(j.PID), 10) + "/ns/" + j.Kind
	}
	c.warn(element, "a bundle names no container: the namespace is a new one, until the entry of type '%s' in linux.namespaces has the path /proc/PID/ns/%s of the init of '%s'", kinds[j.Kind], j.Kind, j.Container)
	return kinds[j.Kind], ""
}
