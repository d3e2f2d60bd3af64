package service

import (
	"context"
	"errors"
	"io/fs"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// rootOwners is what the owners of a root directory tell, in a plan.
type rootOwners struct {
	State  string `json:"state"`          // of shift.State, or "unknown"
	Text   string `json:"text,omitempty"` // why the container does not start with it, or is likely not to work
	Advice string `json:"advice,omitempty"`
}

// ownersOfRoot looks at the root of a definition. It returns the zero value if that is no directory of its own, or is
// not there.
func (s *Service) ownersOfRoot(ctx context.Context, def *domain.Def) rootOwners {
	root, private := def.Root()
	if !private || root.Type != domain.FSMount || root.Source == "/" {
		return rootOwners{}
	}
	var m shift.Map
	if def.IDMap.Enabled() {
		m = *shiftOf(def)
	}
	ctx, cancel := limited(ctx, endTimeout) // a file system may never answer
	defer cancel()
	v, err := s.Trees.Judge(ctx, root.Source, m)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rootOwners{}
	case err != nil:
		return rootOwners{State: "unknown", Text: err.Error()}
	}
	what, todo := v.Tell(def.Name, m)
	return rootOwners{State: v.State.String(), Text: what, Advice: todo}
}
