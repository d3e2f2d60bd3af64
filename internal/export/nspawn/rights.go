package nspawn

import (
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// rights converts the capabilities, the user namespace, the filter of system calls, and the limits of init.
func (c *conversion) rights() {
	p, e := c.Plan, &c.exec
	var keep, drop []string
	for n, name := range domain.CapabilityNames() {
		word := "CAP_" + strings.ToUpper(name)
		if p.Caps.Keep&(1<<n) != 0 {
			keep = append(keep, word)
		} else {
			drop = append(drop, word)
		}
	}
	if len(keep) > 0 {
		e.set("Capability", strings.Join(keep, " "))
	}
	if len(drop) > 0 {
		e.set("DropCapability", strings.Join(drop, " "))
	}
	if !p.Caps.Inherit && p.Caps.Keep != 0 {
		c.warn("domain/features/capabilities", "init also has its capabilities in the inheritable set")
	}
	if p.NoNewPrivs {
		e.set("NoNewPrivileges", "yes")
	}
	c.users()
	c.filter()
	for _, l := range rlimits(p) {
		e.set("Limit"+strings.ToUpper(l.Name), limitText(l.Soft)+":"+limitText(l.Hard))
	}
}

// users converts the id map. systemd-nspawn maps one range of ids, the same for users and groups. If it can, its mount
// of the root maps the owners too, unless they are mapped on the disk.
func (c *conversion) users() {
	p, e := c.Plan, &c.exec
	if !p.Namespaces.User {
		e.set("PrivateUsers", "no")
		return
	}
	if len(p.UIDs) != 1 || !slices.Equal(p.UIDs, p.GIDs) || p.UIDs[0].Inside != 0 {
		e.set("PrivateUsers", "pick")
		c.warn("domain/idmap", "systemd-nspawn maps one range of ids, the same for users and groups: it chooses 65536 other ones here, and files of the container on the host belong to those")
	} else {
		e.set("PrivateUsers", strconv.FormatUint(uint64(p.UIDs[0].Outside), 10)+":"+strconv.FormatUint(uint64(p.UIDs[0].Count), 10))
	}
	ownership := "off"
	if c.host.Mapped(c.Source, p.Sources[0]) {
		ownership = "map"
	}
	c.files.set("PrivateUsersOwnership", ownership)
}

// filter converts the list of denied calls. systemd-nspawn has a list of allowed calls, which this one makes shorter.
func (c *conversion) filter() {
	const element = "domain/berth:container/berth:seccomp"
	if len(c.Plan.Deny) == 0 {
		c.warn(element, "systemd-nspawn always has a filter of system calls; SystemCallFilter= can allow more")
		return
	}
	var names []string
	for _, name := range c.Plan.Deny {
		if strings.ContainsRune(name, '(') {
			c.warn("domain/devices/disk", "%s is not denied: the container can change the loop devices that it has", name)
			continue
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		c.exec.set("SystemCallFilter", "~"+strings.Join(names, " "))
		c.warn(element, "systemd-nspawn denies more: what its own list of allowed calls lacks")
	}
}

// rlimits are the limits of init by their names: those of the definition, and otherwise those of a service of the host.
func rlimits(p *plan.Plan) []plan.Limit {
	out := slices.Clone(p.RLimits)
	for _, l := range p.Limits {
		if !slices.ContainsFunc(p.RLimits, func(own plan.Limit) bool { return own.Name == l.Name }) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b plan.Limit) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func limitText(n uint64) string {
	if n == plan.Infinity {
		return "infinity"
	}
	return strconv.FormatUint(n, 10)
}
