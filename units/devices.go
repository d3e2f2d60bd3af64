package units

import (
	"context"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/plan"
)

// AllowDevice lets the processes of a scope use a device in the ways of d.Access, and in no others. "" takes the device
// away. What else the scope may use stays. It returns when that is in force.
func (c *Client) AllowDevice(ctx context.Context, unit string, d plan.DeviceAllow) error {
	for {
		lost, err := c.allowDevice(ctx, unit, d)
		// systemd executes itself anew and lost the call, or its answer. To set the same again changes nothing.
		if lost && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return fmt.Errorf("set properties of %s: %w", unit, c.explain(err))
		}
		return nil
	}
}

func (c *Client) allowDevice(ctx context.Context, unit string, d plan.DeviceAllow) (lost bool, err error) {
	var path dbus.ObjectPath
	var is dbus.Variant
	var list []plan.DeviceAllow
	if err = c.ask(ctx, busPath, manager+"GetUnit", unit).Store(&path); err != nil {
		return false, err
	}
	if err = c.ask(ctx, path, properties+"Get", busName+".Scope", "DeviceAllow").Store(&is); err != nil {
		return false, err
	}
	if err = is.Store(&list); err != nil {
		return false, fmt.Errorf("property DeviceAllow: %w", err)
	}
	list = slices.DeleteFunc(list, func(one plan.DeviceAllow) bool { return one.Path == d.Path })
	if d.Access != "" {
		list = append(list, d)
	}
	// An empty list takes all away; the full one after it comes into force at the same time.
	set := []property{{"DeviceAllow", dbus.MakeVariant([]plan.DeviceAllow{})}, {"DeviceAllow", dbus.MakeVariant(list)}}
	if err = c.call(ctx, "SetUnitProperties", unit, true, set).Err; err != nil {
		return isError(err, noReply), err
	}
	// systemd replaces the program of the device policy after its answer, and before it takes another call.
	return false, c.ask(ctx, busPath, manager+"GetUnit", unit).Err
}
