package export

import (
	"github.com/berthd/berth/internal/plan"
)

// Account is a user of the container, by numbers.
type Account struct {
	UID, GID uint32
	Groups   []uint32 // supplementary
}

// Host answers what only the host knows. Both functions return an error if they cannot.
type Host struct {
	// Account looks a user and a group up in the container's own passwd and group. An empty user is root, and an empty
	// group the user's own.
	Account func(user, group string) (Account, error)
	// Device returns the numbers of a block device of the host.
	Device func(path string) (major, minor uint32, err error)
	// Owner returns the user who owns a file or directory of the host.
	Owner func(path string) (uid uint32, err error)
}

// Mapped reports whether a mount must map the owners of a source: the source is not yet owned by the ids that the
// container has on the host.
func (h *Host) Mapped(s *Source, src plan.Source) bool {
	if !s.Plan.Namespaces.User || !src.IDMapped {
		return false
	}
	uid, err := h.Owner(src.Path)
	if err != nil {
		return true
	}
	for _, r := range s.Plan.UIDs {
		if uid >= r.Outside && uid-r.Outside < r.Count {
			return false
		}
	}
	return true
}
