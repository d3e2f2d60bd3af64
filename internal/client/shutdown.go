package client

import (
	"context"

	"github.com/berthd/berth/contract"
)

// Shutdown asks init to end, in one of the modes. No mode leaves the choice to berthd.
func (c *Client) Shutdown(ctx context.Context, p Path, modes []string) error {
	return c.request(ctx, p, "Shutdown", modes)
}

// Reboot asks init to reboot, as Shutdown asks it to end.
func (c *Client) Reboot(ctx context.Context, p Path, modes []string) error {
	return c.request(ctx, p, "Reboot", modes)
}

func (c *Client) request(ctx context.Context, p Path, member string, modes []string) error {
	if modes == nil {
		modes = []string{}
	}
	return c.call(ctx, p, contract.ContainerInterface, member, []any{modes, noOptions()})
}

// Reset kills every process of a container and starts it again.
func (c *Client) Reset(ctx context.Context, p Path) error { return c.change(ctx, p, "Reset") }
