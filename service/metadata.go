package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/internal/domain"
)

// ErrNoMetadata says that a definition has no such title, description or element.
var ErrNoMetadata = errors.New("no such metadata")

// Metadata returns the title, the description or the element in the namespace of uri, of the running container or of
// its stored definition. It returns ErrNoMetadata if there is none, a StateError if the container is off and its live
// definition is asked for, and ErrTransient if it has no stored one.
func (s *Service) Metadata(u domain.UUID, kind domain.MetadataKind, uri string, o TuneOptions) (string, error) {
	c, err := s.find(u)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def, _, err := c.readable(opDescribe, o)
	if err != nil {
		return "", err
	}
	value, found := def.MetadataOf(kind, uri)
	if !found {
		return "", fmt.Errorf("%w: %s %s", ErrNoMetadata, kind, uri)
	}
	return value, nil
}

// SetMetadata changes the title, the description or the element in a namespace: of the running container, of its stored
// definition, or of both. It returns a *domain.Error if the value cannot be that, and the errors of SetResources.
func (s *Service) SetMetadata(ctx context.Context, u domain.UUID, m domain.Metadata, o TuneOptions) error {
	return s.with(ctx, u, func(c *container) error {
		o, err := c.affected(opDescribe, o)
		if err != nil {
			return err
		}
		t, err := c.changed(o, func(d *domain.Def, running bool) (*domain.Def, string, error) { return redescribed(d, m, running) })
		if err != nil {
			return err
		}
		if err := s.keepDefinitions(c, &t); err != nil {
			return err
		}
		s.Observer.MetadataChanged(u, m.Kind, m.URI)
		return nil
	})
}

func redescribed(d *domain.Def, m domain.Metadata, running bool) (*domain.Def, string, error) {
	def, err := d.WithMetadata(m, running)
	if err != nil {
		return nil, "", err
	}
	text, err := def.Format(domain.FormatOptions{Run: running})
	return def, text, err
}

// keepDefinitions saves definitions that change nothing of a running container, all or none.
func (s *Service) keepDefinitions(c *container, t *tuning) error {
	if t.live != nil {
		before := c.run.XML
		c.run.XML = t.liveText
		err := s.Runs.Save(c.run.Run)
		if err == nil && t.stored != nil {
			err = s.Definitions.Save(t.stored)
		}
		if err != nil {
			c.run.XML = before
			return errors.Join(err, s.Runs.Save(c.run.Run))
		}
	} else if err := s.Definitions.Save(t.stored); err != nil {
		return err
	}
	c.mu.Lock()
	if t.live != nil {
		c.live = t.live
	}
	if t.stored != nil {
		c.stored, c.text = t.stored, t.storedText
	}
	live, stored := c.live, c.stored
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) {
		if snap.State == StateShutoff {
			snap.describe(stored)
			return
		}
		snap.Title, snap.Description = live.Title, live.Description
		if stored != nil && (t.live == nil || t.stored == nil) {
			snap.Updated = true
		}
	})
	return nil
}
