package service

import (
	"context"

	"github.com/berthd/berth/internal/domain"
)

func (d runsFake) MakeRoom(u domain.UUID) error {
	if err := d.call("runs.MakeRoom"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.last, u)
	return nil
}

func (d scopesFake) Ended(ctx context.Context, unit string, _ func() bool) error {
	return d.Stop(ctx, unit)
}
