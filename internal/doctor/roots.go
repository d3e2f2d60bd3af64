package doctor

import (
	"errors"
	"io/fs"
	"path"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// roots looks at the owners of the root directories of all containers: one whose unshift was interrupted, that is
// shifted in part, or by other ids, does not start.
func roots(h *Host) (found []Finding) {
	const dir = "etc/berth/containers"
	if _, err := fs.ReadDir(h.Files, dir); errors.Is(err, fs.ErrPermission) || !h.Root {
		return ok("only root can look at them")
	}
	files, _ := fs.Glob(h.Files, dir+"/*.xml")
	for _, file := range files {
		text, err := fs.ReadFile(h.Files, file)
		if err != nil {
			continue
		}
		def, err := domain.Parse(text)
		if err != nil {
			continue // berthd says so
		}
		if f, bad := h.root(def); bad {
			found = append(found, f)
		}
	}
	return or(found, "no root directory of a container is shifted in part, or by other ids")
}

// root looks at the root of one definition. bad is false if there is nothing to say of it.
func (h *Host) root(def *domain.Def) (f Finding, bad bool) {
	root, private := def.Root()
	if !private || root.Type != domain.FSMount || path.Clean(root.Source) == "/" {
		return Finding{}, false
	}
	var m shift.Map
	if def.IDMap.Enabled() {
		m = shift.Map{UIDs: ranges(def.IDMap.UIDs), GIDs: ranges(def.IDMap.GIDs)}
	}
	v, err := h.Judge(root.Source, m)
	if err != nil {
		return Finding{}, false // a root that is not there is no business of this check
	}
	what, todo := v.Tell(def.Name, m)
	if what == "" {
		return Finding{}, false
	}
	text := root.Source + ", the root of " + def.Name + ": " + what
	if v.State != shift.Interrupted && m.UIDs == nil {
		return note(text, todo), true
	}
	return problem(text, todo), true
}

func ranges(list []domain.IDRange) (out []shift.Range) {
	for _, r := range list {
		out = append(out, shift.Range{Inside: r.Start, Outside: r.Target, Count: r.Count})
	}
	return out
}
