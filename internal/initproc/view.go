package initproc

import (
	"errors"
	"os"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// takeView receives the view of /proc from the supervisor, which serves it over FUSE. It splits the
// view into one mount per file, because they are attached one by one. That needs the old root.
func (s *stage) takeView() error {
	if !s.plan.ProcView {
		return nil
	}
	files, err := s.await(wire.TypeView)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return errors.New("the supervisor sent no view of /proc")
	}
	defer func() { _ = files[0].Close() }()
	var names []string
	for i := range s.plan.Mounts {
		if m := &s.plan.Mounts[i]; m.Kind == plan.MountView {
			names = append(names, m.From)
		}
	}
	at := "/" // of the bare namespace; it stays below the container's root
	if s.plan.Namespaces.User {
		at = mount.Shelf // it disappears with the old root
	}
	parts, err := mount.Parts(files[0], at, names)
	if err != nil {
		return err
	}
	s.view = map[string]*os.File{}
	for i, name := range names {
		s.view[name] = parts[i]
	}
	return nil
}
