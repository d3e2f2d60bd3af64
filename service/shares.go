package service

import (
	"fmt"

	"github.com/berthd/berth/internal/plan"
)

// findShares completes the namespaces that are another container's by its init's pid.
func (s *Service) findShares(list []plan.Join) error {
	for i := range list {
		j := &list[i]
		if j.Container == "" {
			continue
		}
		other, err := s.ByName(j.Container)
		if err != nil {
			return fmt.Errorf("lxc:share%s: %w", j.Kind, err)
		}
		if other.Leader == 0 {
			return fmt.Errorf("lxc:share%s: domain '%s' is not running", j.Kind, j.Container)
		}
		j.PID = other.Leader
	}
	return nil
}
