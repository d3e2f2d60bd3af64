package units

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// AwaitFree returns when a unit that has ended, or is ending, is unloaded and its name can be used again. It
// returns at once if the unit has a process: somebody else has taken the name. It stops an active scope without
// a process: systemd missed that the scope became empty. That happens if the process dies while it is moved
// there.
func (c *Client) AwaitFree(ctx context.Context, name string) error {
	over, err := c.dropped(ctx, name, func() bool { return true })
	if err == nil && !over {
		err = c.awaitFree(ctx, name)
	}
	c.forget(name)
	if err != nil {
		return fmt.Errorf("await the end of %s: %w", name, c.explain(err))
	}
	return nil
}

func (c *Client) awaitFree(ctx context.Context, name string) error {
	w := c.watch(name)
	defer c.leave(w)
	for {
		state, err := c.activeState(ctx, name)
		switch {
		case isError(err, "org.freedesktop.DBus.Error.UnknownObject"), isError(err, noSuchUnit):
			return nil
		case err != nil:
			return err
		case state == "active":
			return c.stopEmpty(ctx, name)
		case state == "activating" || state == "reloading":
			return nil
		}
		if err := c.wait(ctx, w); err != nil {
			return err
		}
	}
}

func (c *Client) activeState(ctx context.Context, name string) (state string, err error) {
	var path dbus.ObjectPath
	if err := c.ask(ctx, busPath, manager+"GetUnit", name).Store(&path); err != nil {
		return "", err
	}
	state, _, err = c.unitState(ctx, path)
	return state, err
}

// process is one of a unit's processes, as systemd tells it.
type process struct {
	Group   string
	PID     uint32
	Command string
}

// stopEmpty stops a unit if it has no process. A new unit of somebody else has its process already when it is
// active: systemd answers calls only between two of its own steps.
func (c *Client) stopEmpty(ctx context.Context, name string) error {
	var processes []process
	err := c.ask(ctx, busPath, manager+"GetUnitProcesses", name).Store(&processes)
	switch {
	case isError(err, noSuchUnit):
		return nil
	case isError(err, "org.freedesktop.DBus.Error.LimitsExceeded"): // the reply is too large, so there are processes
		return nil
	case err != nil || len(processes) > 0:
		return err
	}
	return c.Stop(ctx, name)
}
