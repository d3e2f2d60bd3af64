package service

import (
	"context"

	"github.com/berthd/berth/internal/domain"
)

// DestroyOwned destroys a container if it runs for an owner. It is for an owner that is gone. It does nothing if the
// container runs for nobody or another, or does not run.
func (s *Service) DestroyOwned(ctx context.Context, u domain.UUID, owner string) error {
	return s.with(ctx, u, func(c *container) error {
		if c.run == nil || owner == "" || c.run.Owner != owner {
			return nil
		}
		s.recordIntent(c, &c.run.Destroyed)
		return s.stop(c, c.run)
	})
}
