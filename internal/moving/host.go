package moving

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// host warns of what the container needs of this host, and would not start without.
func (i *Item) host(o Options, def *domain.Def) {
	if !o.Here {
		return
	}
	for _, f := range def.Filesystems {
		what := "its file system " + f.Target
		if f.Target == "/" {
			what = "its root"
		}
		switch f.Type {
		case domain.FSMount, domain.FSFile, domain.FSBlock:
			i.missing(o, what, f.Source)
		}
	}
	for _, d := range def.Disks {
		i.missing(o, "its disk "+d.Target, d.Source)
	}
	for _, n := range def.Interfaces {
		switch n.Type {
		case domain.InterfaceBridge:
			i.missingLink(o, "bridge", n.Source)
		case domain.InterfaceDirect:
			i.missingLink(o, "interface", n.Source)
		}
	}
	for _, h := range def.HostDevices {
		switch h.Kind {
		case domain.HostNet:
			i.missingLink(o, "interface", h.Source)
		case domain.HostStorage, domain.HostMisc:
			i.missing(o, "its device", "/dev/"+h.Source)
		}
	}
	i.root(o, def)
}

// missing warns if the host has no file of a path.
func (i *Item) missing(o Options, what, path string) {
	if _, err := o.Tree.Kind(path); errors.Is(err, fs.ErrNotExist) {
		i.warn(i.File, 0, fmt.Sprintf("%s: %s is not there", what, path))
	}
}

// missingLink warns if the host has no network interface of a name, as far as sysfs tells.
func (i *Item) missingLink(o Options, kind, name string) {
	const links = "/sys/class/net"
	if _, err := o.Tree.Kind(links); err != nil {
		return
	}
	if _, err := o.Tree.Kind(links + "/" + name); errors.Is(err, fs.ErrNotExist) {
		i.warn(i.File, 0, fmt.Sprintf("the host has no %s '%s': make it before the container starts", kind, name))
	}
}

// root warns if the owners of the root directory fit to no map, or not to that of the container. A plain root and one
// that is shifted to the container's map are mounted so that they fit.
func (i *Item) root(o Options, def *domain.Def) {
	root, ok := def.Root()
	if !ok || root.Source == "/" || root.Type != domain.FSMount {
		return
	}
	if kind, err := o.Tree.Kind(root.Source); err != nil || !kind.Dir {
		return
	}
	var seen []shift.Owner
	for _, place := range shift.Places() {
		if k, err := o.Tree.KindBelow(root.Source, place); err == nil && k.Dir {
			seen = append(seen, shift.Owner{Path: "/" + place, UID: k.UID, GID: k.GID})
		}
	}
	m := shift.Map{UIDs: ranges(def.IDMap.UIDs), GIDs: ranges(def.IDMap.GIDs)}
	switch v := shift.Judge(m, seen); v.State {
	case shift.Half:
		i.warn(i.File, 0, fmt.Sprintf("its root %s is shifted in part: %s belongs to %d, and %s to %d; before berthctl unshift, %s", root.Source, v.Seen.Path, v.Seen.UID, v.Against.Path, v.Against.UID, shift.First))
	case shift.Other:
		i.warn(i.File, 0, fmt.Sprintf("its root %s is shifted, and not to the <idmap> of the container: %s belongs to %d; before berthctl unshift, %s", root.Source, v.Seen.Path, v.Seen.UID, shift.First))
	}
}

func ranges(list []domain.IDRange) (out []shift.Range) {
	for _, r := range list {
		out = append(out, shift.Range{Inside: r.Start, Outside: r.Target, Count: r.Count})
	}
	return out
}
