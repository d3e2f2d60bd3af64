package initproc

import (
	"os"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

// partsOfView takes the files of the view apart, while this namespace still has the old root: they are
// mounted one by one. The supervisor serves them, and answers as soon as it has cloned us.
func (s *stager) partsOfView() error {
	if s.viewTree == nil {
		return nil
	}
	var names []string
	for i := range s.plan.Mounts {
		if m := &s.plan.Mounts[i]; m.Kind == plan.MountView {
			names = append(names, m.From)
		}
	}
	parts, err := mount.Parts(s.viewTree, names)
	if err != nil {
		return err
	}
	s.view = map[string]*os.File{}
	for i, name := range names {
		s.view[name] = parts[i]
	}
	return s.viewTree.Close()
}
