package units

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// StartService has systemd start a service of the host, and waits until it has started. It does nothing if the service
// runs.
func (c *Client) StartService(ctx context.Context, name string) error {
	return c.serviceJob(ctx, "StartUnit", name)
}

// RestartService has systemd restart a service of the host if it runs, and waits until it has.
func (c *Client) RestartService(ctx context.Context, name string) error {
	return c.serviceJob(ctx, "TryRestartUnit", name)
}

// serviceJob calls a method that makes a job for a unit, and waits for the end of the job. If systemd executes itself
// anew and loses the call, it asks the new one: both methods can be called twice.
func (c *Client) serviceJob(ctx context.Context, method, name string) error {
	w := c.watch(name)
	defer c.leave(w)
	var job dbus.ObjectPath
	err := c.ask(ctx, busPath, manager+method, name, "replace").Store(&job)
	for err == nil {
		for _, n := range c.heard(w) {
			switch {
			case n.kind == jobEnded && n.job == job:
				if err := outcome(n.result); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				return nil
			case n.kind == lookAgain:
				// The new systemd has the job under another path, or has carried it out.
				err = c.ask(ctx, busPath, manager+method, name, "replace").Store(&job)
			}
		}
		if err == nil {
			err = c.wait(ctx, w)
		}
	}
	return fmt.Errorf("%s: %w", name, c.explain(err))
}
