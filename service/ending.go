package service

import (
	"context"

	"github.com/berthd/berth/internal/domain"
)

// SetAction says what becomes of a container that ends: of the running one, by its stored definition, or both. It
// returns a *domain.Error if that end cannot have the action, and the errors of SetMetadata.
func (s *Service) SetAction(ctx context.Context, u domain.UUID, e domain.Ending, a domain.Action, o TuneOptions) error {
	return s.with(ctx, u, func(c *container) error {
		o, err := c.affected(opDescribe, o)
		if err != nil {
			return err
		}
		t, err := c.changed(o, func(d *domain.Def, running bool) (*domain.Def, string, error) {
			def, err := d.WithAction(e, a, running)
			if err != nil {
				return nil, "", err
			}
			text, err := def.Format(domain.FormatOptions{Run: running})
			return def, text, err
		})
		if err != nil {
			return err
		}
		return s.keepDefinitions(c, &t)
	})
}
