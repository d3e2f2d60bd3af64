package service

import (
	"fmt"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// NamedError says that definitions of other containers name this one, to share its namespaces.
type NamedError struct {
	By   []string // the names of those containers
	Runs []string // those of them of which only the running definition does so
}

func (e *NamedError) Error() string {
	const most = 10
	list := make([]string, 0, len(e.By))
	for _, name := range e.By[:min(most, len(e.By))] {
		text := "'" + name + "'"
		if slices.Contains(e.Runs, name) {
			text += " (until its next start)"
		}
		list = append(list, text)
	}
	if more := len(e.By) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return "other definitions name it in <lxc:namespace>: " + strings.Join(list, ", ") + "; change them first"
}

// notNamed returns a NamedError if another container shares namespaces with c by its name, in its stored definition or
// in the one that it runs with, which a reboot uses again. Nobody would tell the others of another name.
func (s *Service) notNamed(c *container, name string) error {
	s.mu.RLock()
	others := make([]*container, 0, len(s.byUUID))
	for _, other := range s.byUUID {
		if other != c {
			others = append(others, other)
		}
	}
	s.mu.RUnlock()
	var e NamedError
	for _, other := range others {
		other.mu.Lock()
		stored, live, of := sharesWith(other.stored, name), sharesWith(other.live, name), other.snap.Name
		other.mu.Unlock()
		if stored || live {
			e.By = append(e.By, of)
		}
		if live && !stored {
			e.Runs = append(e.Runs, of)
		}
	}
	if e.By == nil {
		return nil
	}
	slices.Sort(e.By)
	return &e
}

// sharesWith reports whether a definition shares a namespace with the container of a name. There may be no definition.
func sharesWith(d *domain.Def, name string) bool {
	if d == nil {
		return false
	}
	ref := domain.ShareRef{Kind: domain.ShareName, Value: name}
	return d.Share.Net == ref || d.Share.IPC == ref || d.Share.UTS == ref
}
