package units

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// Infinity is systemd's "no limit" in bytes.
const Infinity = ^uint64(0)

// Scope is a transient scope (systemd.scope(5)). Its sub-tree is delegated, its devices are only
// those allowed, and it vanishes when it ends, also by failure.
type Scope struct {
	Name        string
	Description string
	Slice       string
	PID         uint32 // the first process
	Devices     []Device
	// Memory limits in bytes; nil leaves systemd's default.
	MemoryMax, MemoryHigh, MemorySwapMax *uint64
	StopTimeout                          time.Duration
}

// Device is one DeviceAllow= entry: a path, or a group such as char-pts, and any of r, w, m.
type Device struct{ Path, Access string }

type property struct {
	Name  string
	Value dbus.Variant
}

type auxiliary struct {
	Name       string
	Properties []property
}

// tasksMax is what machined gives the machines that it makes itself.
const tasksMax = uint64(16384)

func (c *Client) properties(s Scope) []property {
	list := []property{
		{"Description", dbus.MakeVariant(s.Description)},
		{"Slice", dbus.MakeVariant(s.Slice)},
		{"PIDs", dbus.MakeVariant([]uint32{s.PID})},
		{"Delegate", dbus.MakeVariant(true)},
		{"CollectMode", dbus.MakeVariant("inactive-or-failed")},
		// Asked to stop the scope, systemd asks us instead of killing.
		{"Controller", dbus.MakeVariant(c.conn.Names()[0])},
		{"DevicePolicy", dbus.MakeVariant("strict")},
		{"DeviceAllow", dbus.MakeVariant(s.Devices)},
		{"TasksMax", dbus.MakeVariant(tasksMax)},
		{"TimeoutStopUSec", dbus.MakeVariant(uint64(s.StopTimeout.Microseconds()))},
	}
	for _, limit := range []struct {
		name  string
		value *uint64
	}{{"MemoryMax", s.MemoryMax}, {"MemoryHigh", s.MemoryHigh}, {"MemorySwapMax", s.MemorySwapMax}} {
		if limit.value != nil {
			list = append(list, property{limit.name, dbus.MakeVariant(*limit.value)})
		}
	}
	return list
}

// Start makes a scope and returns when its process is in it.
func (c *Client) Start(ctx context.Context, s Scope) error {
	w, done := c.watch(s.Name)
	defer done()
	var job dbus.ObjectPath
	err := c.call(ctx, "StartTransientUnit", s.Name, "fail", c.properties(s), []auxiliary{}).Store(&job)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	for {
		n, err := c.next(ctx, w)
		if err != nil {
			return fmt.Errorf("start %s: %w", s.Name, err)
		}
		if n.job != job {
			continue
		}
		if n.result != "done" {
			return fmt.Errorf("start %s: systemd's job ended with %q", s.Name, n.result)
		}
		return nil
	}
}

// Stop ends a scope, kills what is left in it, and returns when its name can be used again. There
// being no such scope is no error.
//
// systemd learns that a scope is empty from cgroup.events, which speaks at most once in 10 ms, and a
// scope with a Controller waits for that word. An abandoned one has no Controller: its stop looks
// for processes at once, finds none, and is done. The two calls are sent without waiting between.
func (c *Client) Stop(ctx context.Context, name string) error {
	w, done := c.watch(name)
	defer done()
	systemd := c.conn.Object(busName, busPath)
	abandon := systemd.GoWithContext(ctx, manager+"AbandonScope", dbus.FlagNoReplyExpected, make(chan *dbus.Call, 1), name)
	stop := systemd.GoWithContext(ctx, manager+"StopUnit", 0, make(chan *dbus.Call, 1), name, "replace")
	if abandon.Err != nil {
		return fmt.Errorf("abandon %s: %w", name, abandon.Err)
	}
	call := <-stop.Done
	if isError(call.Err, "org.freedesktop.systemd1.NoSuchUnit") {
		return nil
	}
	if call.Err != nil {
		return fmt.Errorf("stop %s: %w", name, call.Err)
	}
	for {
		n, err := c.next(ctx, w)
		if err != nil {
			return fmt.Errorf("stop %s: %w", name, err)
		}
		if n.job == "" { // the unit is gone, not only a job of it
			return nil
		}
	}
}
