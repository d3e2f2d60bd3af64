package moving

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/foreign"
)

// tellDoubts tells who else than root has written the item, and keeps it from starting with the host then. It reports
// whether there is anybody.
func (i *Item) tellDoubts(o Options) bool {
	for n, d := range i.doubts {
		if slices.Contains(i.doubts[:n], d) {
			continue // of several files in one directory
		}
		i.warn(d.File, 0, d.Who+", so not only root decides what the definition says")
	}
	if len(i.doubts) == 0 || o.Trust {
		return false
	}
	if i.Autostart {
		i.Autostart = false
		i.warn(i.File, 0, fmt.Sprintf("not started by itself: %s: %s", i.doubts[0].File, i.doubts[0].Who))
	}
	return true
}

// doubt refuses a definition that somebody else than root has written, and that would give him the host's users or
// files.
func (i *Item) doubt(o Options, c foreign.Container, def *domain.Def) {
	if !i.tellDoubts(o) {
		return
	}
	if gift := gives(o, c, def); gift != "" {
		d := i.doubts[0]
		i.fail(Impossible, fmt.Sprintf("%s, and %s: %s; if you trust it, give --trust", gift, d.File, d.Who))
	}
}

// gives says what of the host a definition gives to its container, "" if it is nothing but its own root, and stays so:
// whoever can put a link in the place of the root has the host's files, with a map of ids as without.
func gives(o Options, c foreign.Container, def *domain.Def) string {
	if !def.Extension.AutoIDMap && (hosts(def.IDMap.UIDs) || hosts(def.IDMap.GIDs)) {
		return "it runs with the host's users (no idmap, or one with the host's root)"
	}
	root, ok := def.Root()
	if !ok || root.Source == "/" {
		return "it has the host's root directory"
	}
	own := o.Source == Nspawn && root.Source == c.Root // it is not the file that says so
	if !own && !strings.HasPrefix(path.Clean(root.Source), path.Dir(c.File)+"/") {
		return fmt.Sprintf("its root %s is not beside its configuration", root.Source)
	}
	if leads, err := o.Tree.Leads(root.Source); err == nil && leads != path.Clean(root.Source) {
		return fmt.Sprintf("its root %s leads to %s", root.Source, leads)
	}
	for _, fs := range def.Filesystems {
		if fs.Target != "/" && fs.Type != domain.FSRAM && fs.Type != domain.FSBind {
			return fmt.Sprintf("it mounts the host's %s", fs.Source)
		}
	}
	switch {
	case len(def.Disks) > 0:
		return "it has the host's disks (domain/devices/disk)"
	case len(def.HostDevices) > 0:
		return "it has the host's devices (domain/devices/hostdev)"
	case def.Share != (domain.Share{}):
		return "it has namespaces of others (domain/lxc:namespace)"
	}
	if list, err := o.Tree.Replaceable(root.Source); err != nil {
		return fmt.Sprintf("who can replace its root is not known (%v)", err)
	} else if len(list) > 0 {
		return fmt.Sprintf("its root %s can be replaced at any time, also by a link to the host's files (%s: %s)", root.Source, list[0].File, list[0].Who)
	}
	return ""
}

// hosts reports whether a map has the host's root, or is none.
func hosts(list []domain.IDRange) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(r domain.IDRange) bool { return r.Target == 0 })
}
