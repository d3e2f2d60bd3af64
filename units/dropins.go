package units

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/plan"
)

// WatchProperties has changed called with the name of a transient unit when its properties change after its start,
// whoever sets them (systemctl set-property). Then systemd makes a drop-in for it. It sends no signal of such
// properties. One change may be told several times, and so is what SetResources does. A reload may change each unit
// that has drop-ins or had some, which systemctl revert removes: it is told of all of them.
//
// If there is no transient unit yet, the watch begins with the first start of a scope.
func (c *Client) WatchProperties(watch func(dir string, changed func(unit string)) (io.Closer, error), changed func(unit string)) {
	c.mu.Lock()
	c.changed = changed
	c.watchSet = func() (io.Closer, error) { return watch(unitFiles, c.heardOfDropIn) }
	c.mu.Unlock()
	c.watchDropIns()
}

func (c *Client) heardOfDropIn(unit string) {
	c.mu.Lock()
	c.tuned[unit] = true
	c.mu.Unlock()
	c.changed(unit)
}

// tellReloaded tells of the units that a reload may have changed.
func (c *Client) tellReloaded() {
	c.mu.Lock()
	list := slices.Collect(maps.Keys(c.tuned))
	c.mu.Unlock()
	for _, unit := range list {
		c.changed(unit)
	}
}

// watchDropIns begins the watch unless it has begun.
func (c *Client) watchDropIns() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropIns != nil || c.watchSet == nil {
		return
	}
	if dropIns, err := c.watchSet(); err == nil {
		c.dropIns = dropIns
	}
}

// Tuned reports whether properties of a transient unit were set after its start.
func (c *Client) Tuned(unit string) bool {
	_, err := os.Lstat(filepath.Join(unitFiles, unit+".d"))
	return err == nil
}

// Resources returns the resources of a scope. All of them are set: systemd says its default for those that nobody has
// set.
func (c *Client) Resources(ctx context.Context, unit string) (r plan.Resources, err error) {
	var path dbus.ObjectPath
	var all map[string]dbus.Variant
	err = c.ask(ctx, busPath, manager+"GetUnit", unit).Store(&path)
	if err == nil {
		err = c.ask(ctx, path, properties+"GetAll", busName+".Scope").Store(&all)
	}
	if err != nil {
		return r, fmt.Errorf("read properties of %s: %w", unit, c.explain(err))
	}
	return read(all)
}

// read is the reverse of resourceProperties. An older systemd lacks some, which are nil.
func read(all map[string]dbus.Variant) (r plan.Resources, err error) {
	for name, to := range map[string]**uint64{
		"TasksMax": &r.TasksMax, "MemoryMax": &r.MemoryMax, "MemoryHigh": &r.MemoryHigh, "MemorySwapMax": &r.MemorySwapMax,
		"MemoryLow": &r.MemoryLow, "MemoryMin": &r.MemoryMin, "CPUWeight": &r.CPUWeight, "CPUQuotaPerSecUSec": &r.CPUQuotaPerSec,
		"CPUQuotaPeriodUSec": &r.CPUQuotaPeriod, "IOWeight": &r.IOWeight,
	} {
		if v, known := all[name]; known {
			*to = new(uint64)
			if e := v.Store(*to); e != nil {
				err = fmt.Errorf("property %s: %w", name, e)
			}
		}
	}
	for name, to := range map[string]*[]int{"AllowedCPUs": &r.AllowedCPUs, "AllowedMemoryNodes": &r.AllowedNodes} {
		m, _ := all[name].Value().([]byte)
		*to = numberset.Numbers(m)
	}
	for name, to := range map[string]*[]plan.DeviceFigure{
		"IODeviceWeight": &r.IODeviceWeight, "IOReadBandwidthMax": &r.IOReadBPS, "IOWriteBandwidthMax": &r.IOWriteBPS,
		"IOReadIOPSMax": &r.IOReadIOPS, "IOWriteIOPSMax": &r.IOWriteIOPS, "IODeviceLatencyTargetUSec": &r.IOLatency,
	} {
		if v, known := all[name]; known {
			if e := v.Store(to); e != nil {
				err = fmt.Errorf("property %s: %w", name, e)
			}
		}
	}
	return r, err
}
