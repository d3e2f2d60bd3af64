package initproc

import (
	"errors"
	"os"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// takeView takes the files of the view of /proc apart, while this namespace still has the old root: they
// are mounted one by one. The supervisor made it while we came to life, and serves it.
func (s *stager) takeView() error {
	if !s.plan.ProcView {
		return nil
	}
	files, err := s.await(wire.TypeView)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return errors.New("no view of /proc came")
	}
	defer func() { _ = files[0].Close() }()
	var names []string
	for i := range s.plan.Mounts {
		if m := &s.plan.Mounts[i]; m.Kind == plan.MountView {
			names = append(names, m.From)
		}
	}
	parts, err := mount.Parts(files[0], "/run", names) // its place of the moment goes with the old root
	if err != nil {
		return err
	}
	s.view = map[string]*os.File{}
	for i, name := range names {
		s.view[name] = parts[i]
	}
	return nil
}
