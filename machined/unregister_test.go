//go:build bus || nest

package machined_test

import (
	"context"

	"github.com/berthd/berth/machined"
)

// unregister takes a machine off as the core does: once it is known to be ours.
func unregister(ctx context.Context, c *machined.Client, name string, id [16]byte) error {
	ours, err := c.Owns(ctx, name, id)
	if err != nil || !ours {
		return err
	}
	return c.Unregister(ctx, name)
}
