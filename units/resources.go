package units

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/plan"
)

// Infinity is systemd's "no limit" in bytes.
const Infinity = ^uint64(0)

// tasksMax is the limit that machined sets for the machines that it makes itself.
const tasksMax = uint64(16384)

// resourceProperties returns those resources that are set, each with systemd's name and exactly systemd's type.
func resourceProperties(r *plan.Resources) []property {
	var list []property
	for _, one := range []struct {
		name  string
		value *uint64
	}{
		{"TasksMax", r.TasksMax},
		{"MemoryMax", r.MemoryMax},
		{"MemoryHigh", r.MemoryHigh},
		{"MemorySwapMax", r.MemorySwapMax},
		{"MemoryLow", r.MemoryLow},
		{"MemoryMin", r.MemoryMin},
		{"CPUWeight", r.CPUWeight},
		{"CPUQuotaPerSecUSec", r.CPUQuotaPerSec},
		{"CPUQuotaPeriodUSec", r.CPUQuotaPeriod},
		{"IOWeight", r.IOWeight},
	} {
		if one.value != nil {
			list = append(list, property{one.name, dbus.MakeVariant(*one.value)})
		}
	}
	for _, one := range []struct {
		name    string
		numbers []int
	}{{"AllowedCPUs", r.AllowedCPUs}, {"AllowedMemoryNodes", r.AllowedNodes}} {
		if len(one.numbers) > 0 {
			list = append(list, property{one.name, dbus.MakeVariant(numberset.Mask(one.numbers))})
		}
	}
	for _, one := range []struct {
		name    string
		figures []plan.DeviceFigure
	}{
		{"IODeviceWeight", r.IODeviceWeight},
		{"IOReadBandwidthMax", r.IOReadBPS},
		{"IOWriteBandwidthMax", r.IOWriteBPS},
		{"IOReadIOPSMax", r.IOReadIOPS},
		{"IOWriteIOPSMax", r.IOWriteIOPS},
		{"IODeviceLatencyTargetUSec", r.IOLatency},
	} {
		if len(one.figures) > 0 {
			list = append(list, property{one.name, dbus.MakeVariant(one.figures)})
		}
	}
	return list
}

// SetResources changes the resources of a unit that is loaded from before to after. The change is not kept beyond the
// unit's life. What else the unit was started with stays.
func (c *Client) SetResources(ctx context.Context, unit string, before, after *plan.Resources) error {
	list := changes(before, after)
	if len(list) == 0 {
		return nil
	}
	for {
		err := c.call(ctx, "SetUnitProperties", unit, true, list).Err
		// systemd executes itself anew and lost the call, or its answer. To set the same again changes nothing.
		if isError(err, noReply) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return fmt.Errorf("set properties of %s: %w", unit, c.explain(err))
		}
		return nil
	}
}

// changes returns the properties that make after of before. One that is set no longer gets systemd's value for that.
func changes(before, after *plan.Resources) []property {
	old := map[string]dbus.Variant{}
	for _, p := range resourceProperties(before) {
		old[p.Name] = p.Value
	}
	var list []property
	for _, p := range resourceProperties(after) {
		was, set := old[p.Name]
		delete(old, p.Name)
		if set && was.String() == p.Value.String() {
			continue
		}
		if _, devices := p.Value.Value().([]plan.DeviceFigure); devices && set {
			list = append(list, unset(p.Name)) // else those that are in before only would stay
		}
		list = append(list, p)
	}
	for _, p := range resourceProperties(before) {
		if _, gone := old[p.Name]; gone {
			list = append(list, unset(p.Name))
		}
	}
	return list
}

// unset is the property as a unit has it that says nothing of it.
func unset(name string) property {
	switch name {
	case "MemoryLow", "MemoryMin":
		return property{name, dbus.MakeVariant(uint64(0))}
	case "TasksMax":
		return property{name, dbus.MakeVariant(tasksMax)}
	case "AllowedCPUs", "AllowedMemoryNodes":
		return property{name, dbus.MakeVariant([]byte{})}
	case "IODeviceWeight", "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax", "IODeviceLatencyTargetUSec":
		return property{name, dbus.MakeVariant([]plan.DeviceFigure{})}
	}
	return property{name, dbus.MakeVariant(Infinity)}
}
