package units

import (
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/plan"
)

// Scope is a transient scope (systemd.scope(5)). Its sub-tree is delegated, it allows only the devices in
// Devices, and systemd unloads it when it ends, also after a failure.
type Scope struct {
	Name        string
	Description string
	Slice       string
	PID         uint32 // the first process
	plan.Scope
	// KillSignal is the signal that systemd sends to each process of the scope when it stops the scope. 0 means
	// systemd's default.
	KillSignal syscall.Signal
	// StopTimeout is how long systemd waits after KillSignal before it kills the processes.
	StopTimeout time.Duration
}

// property is (sv), auxiliary (sa(sv)) of StartTransientUnit.
type property struct {
	Name  string
	Value dbus.Variant
}

type auxiliary struct {
	Name       string
	Properties []property
}

// properties returns the properties for StartTransientUnit. Each must have exactly systemd's type: systemd
// refuses an i for a t.
func (s Scope) properties() []property {
	devices, after := s.Devices, s.After
	if devices == nil {
		devices = []plan.DeviceAllow{}
	}
	if after == nil {
		after = []string{}
	}
	list := []property{
		{"Description", dbus.MakeVariant(s.Description)},
		{"Slice", dbus.MakeVariant(s.Slice)},
		{"After", dbus.MakeVariant(after)},
		{"PIDs", dbus.MakeVariant([]uint32{s.PID})},
		{"Delegate", dbus.MakeVariant(true)},
		{"CollectMode", dbus.MakeVariant("inactive-or-failed")},
		{"DevicePolicy", dbus.MakeVariant("strict")},
		{"DeviceAllow", dbus.MakeVariant(devices)},
		{"TimeoutStopUSec", dbus.MakeVariant(uint64(s.StopTimeout.Microseconds()))},
	}
	if s.KillSignal != 0 {
		list = append(list, property{"KillSignal", dbus.MakeVariant(int32(s.KillSignal))})
	}
	r := s.Resources
	if r.TasksMax == nil {
		r.TasksMax = new(tasksMax)
	}
	return append(list, resourceProperties(&r)...)
}
