package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// labelsStep gives what is attached to a container with relabel='yes' its label, and back its own labels when it is
// detached. What the start relabelled has its own when the container stops.
func (s *Service) labelsStep() plugStep { return plugStep{"labels", s.labelTrees, s.unlabelTrees} }

// labelTrees relabels the directory or the image of a device, as long as that takes. An earlier attachment of this
// alias may have been interrupted.
func (s *Service) labelTrees(ctx context.Context, p *plugging) error {
	r := p.c.run
	if r.Label.Files == "" || !s.wantsRelabel(p.c.live) {
		return nil
	}
	one := &domain.Def{}
	one.Add(p.device)
	trees := treesOf(one, r.Label.Files)
	if len(trees) == 0 {
		return nil
	}
	r.Relabelled = true
	if err := s.Runs.Save(r.Run); err != nil { // before the first file, as at a start
		return err
	}
	ctx, cancel := patient(ctx)
	defer cancel(nil)
	s.beginJob(p.c, longJob{kind: JobRelabel, abort: cancel, trees: trees})
	defer s.endJob(p.c)
	unlabelled, err := s.Trees.Relabel(ctx, r.UUID, p.alias, trees, s.treesInUse(p.c), s.progress(p.c))
	s.warnUnlabelled(p.c.who(), unlabelled)
	if refused, ok := errors.AsType[*TreeError](err); ok {
		return &domain.Error{
			Kind: domain.InvalidConfig, Element: string(p.device.Kind()) + "/source",
			Text: "the container has relabel='yes', which cannot be: " + refused.Error(),
		}
	}
	return err
}

func (s *Service) unlabelTrees(ctx context.Context, p *plugging) error {
	if !p.c.run.Relabelled {
		return nil
	}
	s.beginJob(p.c, longJob{kind: JobRestore})
	defer s.endJob(p.c)
	return s.Trees.Restore(context.WithoutCancel(ctx), p.c.run.UUID, p.alias, s.progress(p.c))
}
