package client

import (
	"context"

	"github.com/berthd/berth/contract"
)

// Subscribe has berthd relay signals to this connection: each that the caller may hear, as contract.WatchInterface
// says. Root hears the signals themselves, too.
func (c *Client) Subscribe(ctx context.Context) error {
	return c.call(ctx, rootPath, contract.WatchInterface, "Subscribe", []any{noOptions()})
}

// Unsubscribe ends that.
func (c *Client) Unsubscribe(ctx context.Context) error {
	return c.call(ctx, rootPath, contract.WatchInterface, "Unsubscribe", []any{noOptions()})
}
