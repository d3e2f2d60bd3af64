package units

import "github.com/godbus/dbus/v5"

// Helper is a transient scope around one process that serves a machine from outside of the machine's scope.
// The scope ends with the process.
type Helper struct {
	Name        string
	Description string
	Slice       string
	PID         uint32
	// Before lists the units that systemd stops before this one when the host goes down: the machine's scope.
	Before []string
}

func (h *Helper) properties() []property {
	before := h.Before
	if before == nil {
		before = []string{}
	}
	return []property{
		{"Description", dbus.MakeVariant(h.Description)},
		{"Slice", dbus.MakeVariant(h.Slice)},
		{"Before", dbus.MakeVariant(before)},
		{"PIDs", dbus.MakeVariant([]uint32{h.PID})},
		{"CollectMode", dbus.MakeVariant("inactive-or-failed")},
	}
}
