package shift

import (
	"fmt"
	"slices"
)

// Range maps Count ids: those from Inside in the container to those from Outside on the host.
type Range struct{ Inside, Outside, Count uint32 }

// Map is the map of a user namespace. The ranges of a list do not overlap, neither inside nor outside.
type Map struct{ UIDs, GIDs []Range }

// Size is how many ids From maps: as many as an automatic range has, and as unprivileged LXC gives a user.
const Size = 65536

// From returns the map of Size ids that begins at an id of the host. It has fewer if there are no more.
func From(base uint32) Map {
	list := []Range{{Outside: base, Count: min(Size, ^uint32(0)-base)}}
	return Map{UIDs: list, GIDs: list}
}

// Inside returns the id of the container for one of the host. It returns false if the ranges do not have it.
func Inside(list []Range, id uint32) (uint32, bool) {
	for _, r := range list {
		if id >= r.Outside && id-r.Outside < r.Count {
			return r.Inside + (id - r.Outside), true
		}
	}
	return id, false
}

// within reports whether an id is one of those inside.
func within(list []Range, id uint32) bool {
	return slices.ContainsFunc(list, func(r Range) bool { return id >= r.Inside && id-r.Inside < r.Count })
}

// root returns the id of the host that is 0 inside.
func root(list []Range) uint32 {
	for _, r := range list {
		if r.Inside == 0 {
			return r.Outside
		}
	}
	return 0
}

// Reversible returns an error if some ids are both of the host's, which are to be taken back, and inside, where they
// would be taken to: a tree that was taken back in part could not be told from one that was not. So it does if a range
// has no id, or ends behind the last one.
func (m Map) Reversible() error {
	for _, list := range [][]Range{m.UIDs, m.GIDs} {
		for _, from := range list {
			if err := checkRange(from); err != nil {
				return err
			}
			for _, to := range list {
				first, last := max(from.Outside, to.Inside), min(from.Outside+(from.Count-1), to.Inside+(to.Count-1))
				if from.Inside != from.Outside && first <= last {
					return fmt.Errorf("the ids %d-%d are ids of the container and, for others of its ids, of the host: "+
						"nobody can tell which of them a file has", first, last)
				}
			}
		}
	}
	return nil
}

// text is the ids of the host, for people.
func text(list []Range) (s string) {
	for i, r := range list {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%d-%d", r.Outside, r.Outside+(r.Count-1))
	}
	return s
}
