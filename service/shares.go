package service

import (
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/plan"
)

// openShares opens the namespaces of others that init enters at its creation. prepare calls it before
// anything is begun. An open namespace stays, even if all its processes end.
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

// containerNamespace opens a namespace of another container through the supervisor's connection, which
// proves that init's pid is still init's. It does not lock the other container: two containers may start at
// once, each to share with the other. It returns errNotAnswering if the other's supervisor does not answer.
func (s *Service) containerNamespace(j plan.Join) (*os.File, error) {
	s.mu.RLock()
	c := s.byName[j.Container]
	s.mu.RUnlock()
	if c == nil {
		return nil, s.unknown(j.Container)
	}
	c.mu.Lock()
	other, notAnswering := c.shareable, c.notAnswering
	c.mu.Unlock()
	if notAnswering {
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
