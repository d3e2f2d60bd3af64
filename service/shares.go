package service

import (
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/plan"
)

// openShares opens the namespaces of others that init is born in, before anything is begun. Once they
// are open they live, whoever ends.
func (s *Service) openShares(list []plan.Join) (files []*os.File, err error) {
	for _, j := range list {
		open := s.Supervisors.Namespace
		if j.Container != "" {
			open = s.containerNamespace
		}
		f, err := open(j)
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("lxc:share%s: %w", j.Kind, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// containerNamespace asks the other's supervisor, which knows its init by more than a pid. The
// other is not locked: two containers may start at once, each to share with the other.
func (s *Service) containerNamespace(j plan.Join) (*os.File, error) {
	s.mu.RLock()
	c := s.byName[j.Container]
	s.mu.RUnlock()
	if c == nil {
		return nil, s.unknown(j.Container)
	}
	c.mu.Lock()
	other, deaf := c.shareable, c.deaf
	c.mu.Unlock()
	if deaf {
		return nil, fmt.Errorf("domain '%s': %w", j.Container, errNotAnswering)
	}
	if other != nil {
		f, err := other.Namespace(j.Kind)
		if !errors.Is(err, os.ErrProcessDone) {
			return f, err
		}
	}
	return nil, fmt.Errorf("domain '%s' is not running", j.Container)
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
