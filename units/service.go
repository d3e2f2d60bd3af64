package units

import (
	"context"
	"fmt"
)

// StopService has systemd stop a service, unless a job of another kind waits for it, as when it is being started. It
// does not wait for the end. A missing service is no error.
func (c *Client) StopService(ctx context.Context, name string) error {
	err := c.peer.Call(ctx, busPath, manager+"StopUnit", name, "fail").Err
	if err == nil || isError(err, noSuchUnit) || isError(err, destructive) {
		return nil
	}
	return fmt.Errorf("stop %s: %w", name, c.explain(err))
}

// destructive is the refusal of a job that another job is in the way of.
const destructive = "org.freedesktop.systemd1.TransactionIsDestructive"
