package units

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

const (
	theBus       = "org.freedesktop.DBus"
	ownerChanged = "org.freedesktop.DBus.NameOwnerChanged"
)

// findOwner learns systemd's unique name. Everybody on the bus may send us signals of any name. Only the
// sender's unique name, which the bus itself fills in, tells systemd's signals from others.
func (c *Client) findOwner(ctx context.Context) error {
	err := c.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(theBus), dbus.WithMatchInterface(theBus),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName))
	if err != nil {
		return fmt.Errorf("match NameOwnerChanged: %w", err)
	}
	var owner string
	if err := c.conn.BusObject().CallWithContext(ctx, theBus+".GetNameOwner", 0, busName).Store(&owner); err != nil {
		return fmt.Errorf("find systemd on the bus: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner == "" { // otherwise changeOwner has set it already, and that is newer
		c.owner = owner
	}
	return nil
}

func (c *Client) listen(signals <-chan *dbus.Signal) {
	defer c.lose()
	for s := range signals {
		if c.hear(s) {
			c.tellReloaded()
		}
	}
}

// hear handles one signal. It reports whether systemd has loaded all units anew.
func (c *Client) hear(s *dbus.Signal) (reloaded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Name == ownerChanged && s.Sender == theBus {
		return c.changeOwner(s)
	}
	if s.Sender != c.owner {
		return false
	}
	switch s.Name {
	case manager + "JobRemoved":
		var id uint32
		var job dbus.ObjectPath
		var unit, result string
		if dbus.Store(s.Body, &id, &job, &unit, &result) == nil {
			c.tell(unit, notice{kind: jobEnded, at: s.Sequence, job: job, result: result})
		}
	case manager + "UnitRemoved":
		// A reload unloads all units and loads them again. systemd sends UnitRemoved for each.
		var unit string
		var path dbus.ObjectPath
		if dbus.Store(s.Body, &unit, &path) == nil && !c.reloading {
			if ours := c.started[unit]; ours != nil {
				ours.unloaded = true
			}
			delete(c.tuned, unit)
			c.tell(unit, notice{kind: unitGone, at: s.Sequence})
		}
	case manager + "Reloading":
		var active bool
		if dbus.Store(s.Body, &active) == nil {
			c.reloading = active
			if !active {
				c.tellAll(notice{kind: lookAgain, at: s.Sequence})
				return true
			}
		}
	}
	return false
}

// changeOwner follows systemd through daemon-reexec: systemd leaves the bus and comes back with a new name. It reports
// whether it is back.
func (c *Client) changeOwner(s *dbus.Signal) bool {
	var name, before, after string
	if dbus.Store(s.Body, &name, &before, &after) != nil || name != busName {
		return false
	}
	c.owner = after
	if after != "" {
		// Signals of the meantime are lost.
		c.reloading = false
		c.tellAll(notice{kind: lookAgain, at: s.Sequence})
	}
	return after != ""
}
