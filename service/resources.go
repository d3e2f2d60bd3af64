package service

import (
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/planner"
)

// hasEffect returns a *domain.Error, which names the element, if the control group of the scope lacks what a limit
// needs: the kernel does not know it, or a slice above keeps the controller back. systemd does not say so.
func hasEffect(d *domain.Def, g Cgroup) error {
	for _, n := range planner.Needs(d) {
		if !slices.ContainsFunc(n.Files, g.Has) {
			return &domain.Error{Kind: domain.InvalidConfig, Element: n.Element, Text: "the control group of the scope has no " + strings.Join(n.Files, " or ") +
				", so it would have no effect: the kernel does not know it, or DisableControllers= of a slice keeps it back"}
		}
	}
	return nil
}
