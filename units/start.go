package units

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// undoLimit is how long the stop of a failed helper may take.
const undoLimit = 30 * time.Second

// Start makes a scope and returns when the process is in it. made is true if systemd answered that it made
// the unit. If Start fails then, the caller must end the processes and call Stop. Start does not touch a unit
// of this name that exists already: it returns an error.
func (c *Client) Start(ctx context.Context, s Scope) (made bool, err error) {
	made, err = c.start(ctx, s.Name, s.properties())
	if err == nil {
		c.setRunning(s.Name, true)
	}
	return made, err
}

// StartHelper makes the scope of a helper and returns when the process is in it. If it fails, nothing of the
// unit is left.
func (c *Client) StartHelper(ctx context.Context, h Helper) error {
	made, err := c.start(ctx, h.Name, h.properties())
	if err == nil || !made {
		return err
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	return errors.Join(err, c.Stop(undo, h.Name))
}

func (c *Client) start(ctx context.Context, name string, properties []property) (made bool, err error) {
	w := c.watch(name)
	defer c.leave(w)
	var job dbus.ObjectPath
	if err = c.call(ctx, "StartTransientUnit", name, "fail", properties, []auxiliary{}).Store(&job); err != nil {
		return false, fmt.Errorf("start %s: %w", name, c.explain(err))
	}
	// From here on the unit of this name is ours.
	c.setRunning(name, false)
	if err := c.await(ctx, w, name, job); err != nil {
		return true, fmt.Errorf("start %s: %w", name, c.explain(err))
	}
	return true, nil
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
	if err := c.call(ctx, "GetUnit", name).Store(&path); err != nil {
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
	err = c.peer.Call(ctx, path, properties+"GetAll", busName+".Unit").Store(&all)
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

func (c *Client) setRunning(unit string, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if running {
		c.running[unit] = true
	} else {
		delete(c.running, unit)
	}
}

func (c *Client) isRunning(unit string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running[unit]
}
