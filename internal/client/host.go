package client

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
)

// Host is what the bus knows of the host's services.
type Host struct {
	Running     []string // names that somebody owns
	Activatable []string // names that a call would start
	Systemd     string   // its version, "" if it does not tell it
}

const (
	theBus         = "org.freedesktop.DBus"
	systemdManager = "org.freedesktop.systemd1.Manager"
)

// LookAtHost asks the bus for names, and systemd for its version. It starts nothing, and needs no berthd.
func LookAtHost(ctx context.Context) (h Host, err error) {
	conn, err := bus.Connect(ctx, bus.Options{Replies: []map[string]string{{
		theBus + ".ListNames": "as", theBus + ".ListActivatableNames": "as", propertyIface + ".Get": "v",
	}}})
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.BusObject().CallWithContext(ctx, theBus+".ListNames", 0).Store(&h.Running); err != nil {
		return h, fmt.Errorf("list the names of the bus: %w", err)
	}
	if err := conn.BusObject().CallWithContext(ctx, theBus+".ListActivatableNames", 0).Store(&h.Activatable); err != nil {
		return h, fmt.Errorf("list the services of the bus: %w", err)
	}
	var v dbus.Variant
	systemd := conn.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	call := systemd.CallWithContext(ctx, propertyIface+".Get", dbus.FlagNoAutoStart, systemdManager, "Version")
	if call.Store(&v) == nil {
		h.Systemd, _ = v.Value().(string)
	}
	return h, nil
}
