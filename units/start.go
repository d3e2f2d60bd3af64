package units

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
)

// undoLimit is how long the stop of a failed helper may take.
const undoLimit = 30 * time.Second

// Start makes a scope and returns when the process is in it. made is true if systemd answered that it made
// the unit. If Start fails then, the caller must end the processes and call Stop. Start does not touch a unit
// of this name that exists already: it returns an error.
func (c *Client) Start(ctx context.Context, s Scope) (made bool, err error) {
	made, err = c.start(ctx, s.Name, s.PID, s.properties())
	if err == nil {
		c.begun(s.Name)
		c.watchFiles()
		c.watchDropIns()
	}
	return made, err
}

// StartHelper makes the scope of a helper and returns when the process is in it. If it fails, nothing of the
// unit is left.
func (c *Client) StartHelper(ctx context.Context, h Helper) error {
	made, err := c.start(ctx, h.Name, h.PID, h.properties())
	if err == nil || !made {
		return err
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	return errors.Join(err, c.Stop(undo, h.Name))
}

func (c *Client) start(ctx context.Context, name string, pid uint32, properties []property) (made bool, err error) {
	w := c.watch(name)
	defer c.leave(w)
	var job dbus.ObjectPath
	for {
		err = c.call(ctx, "StartTransientUnit", name, "fail", properties, []auxiliary{}).Store(&job)
		if !isError(err, noReply) {
			break
		}
		// systemd executes itself anew. Only the new one knows whether it made the unit before.
		made, err = c.contains(ctx, name, pid)
		if made || !isError(err, noSuchUnit) {
			break
		}
	}
	switch {
	case err != nil:
		return false, fmt.Errorf("start %s: %w", name, c.explain(err))
	case made:
		return true, nil
	}
	// From here on the unit of this name is ours.
	c.forget(name)
	if err := c.await(ctx, w, name, job); err != nil {
		return true, fmt.Errorf("start %s: %w", name, c.explain(err))
	}
	return true, nil
}

// contains reports whether a process is in a unit. It returns an error if the unit is there, but not the process:
// the unit may be another's.
func (c *Client) contains(ctx context.Context, name string, pid uint32) (bool, error) {
	var processes []process
	err := c.ask(ctx, busPath, manager+"GetUnitProcesses", name).Store(&processes)
	switch {
	case err != nil:
		return false, err
	case slices.ContainsFunc(processes, func(p process) bool { return p.PID == pid }):
		return true, nil
	}
	return false, fmt.Errorf("systemd executed itself anew, and the unit does not have process %d", pid)
}

// await waits for the end of the start's job. It returns an error if the job failed.
func (c *Client) await(ctx context.Context, w *waiter, name string, job dbus.ObjectPath) error {
	for {
		for _, n := range c.heard(w) {
			switch {
			case n.kind == jobEnded && n.job == job:
				return outcome(n.result)
			case n.kind == lookAgain:
				if over, err := c.look(ctx, name); over || err != nil {
					return err
				}
			}
		}
		if err := c.wait(ctx, w); err != nil {
			return err
		}
	}
}

func outcome(result string) error {
	if result != "done" {
		return fmt.Errorf("systemd's job ended with %q", result)
	}
	return nil
}

// look asks systemd for the result of a start after signals may have been lost. over is false while the job
// goes on. It returns an error if the unit is gone or not active.
func (c *Client) look(ctx context.Context, name string) (over bool, err error) {
	var path dbus.ObjectPath
	if err := c.ask(ctx, busPath, manager+"GetUnit", name).Store(&path); err != nil {
		return true, err
	}
	state, job, err := c.unitState(ctx, path)
	switch {
	case err != nil:
		return true, err
	case job != 0:
		return false, nil
	case state == "active":
		return true, nil
	}
	return true, fmt.Errorf("its state is %q", state)
}

// unitState returns a unit's ActiveState, and the number of its job, which is 0 if it has none.
func (c *Client) unitState(ctx context.Context, path dbus.ObjectPath) (state string, job uint32, err error) {
	var all map[string]dbus.Variant
	err = c.ask(ctx, path, properties+"GetAll", busName+".Unit").Store(&all)
	if err != nil {
		return "", 0, err
	}
	// Variant.Store panics if a property is missing.
	state, ok := all["ActiveState"].Value().(string)
	if !ok {
		return "", 0, fmt.Errorf("property ActiveState: of type %q", all["ActiveState"].Signature())
	}
	var jobPath dbus.ObjectPath
	pair, _ := all["Job"].Value().([]any)
	if err := dbus.Store(pair, &job, &jobPath); err != nil {
		return "", 0, fmt.Errorf("property Job: %w", err)
	}
	return state, job, nil
}
