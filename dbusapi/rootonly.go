package dbusapi

import (
	"context"
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
)

// RootOnly is the Authorizer that allows every action to uid 0 and none to anybody else. The bus
// policy admits nobody else either; this is the second lock of the door.
type RootOnly struct {
	bus dbus.BusObject

	mu    sync.Mutex // guards users; held for map access only
	users map[dbus.Sender]uint32
}

// NewRootOnly asks the bus of conn for the callers' identities. conn may be any connection to the
// same bus as the server's.
func NewRootOnly(conn *dbus.Conn) *RootOnly {
	return &RootOnly{bus: conn.BusObject(), users: make(map[dbus.Sender]uint32)}
}

// Authorize allows root.
func (r *RootOnly) Authorize(ctx context.Context, sender dbus.Sender, _ string, _ map[string]string, _ bool) error {
	uid, err := r.UID(ctx, sender)
	if err != nil {
		return fmt.Errorf("identify %s: %w", sender, err)
	}
	if uid != 0 {
		return ErrAccessDenied
	}
	return nil
}

// UID returns the user of a caller. It asks the bus once per caller. A unique name is never given to another
// connection, so an answer holds until the caller leaves (the end of ctx); a caller that left has no answer.
func (r *RootOnly) UID(ctx context.Context, sender dbus.Sender) (uint32, error) {
	r.mu.Lock()
	uid, ok := r.users[sender]
	r.mu.Unlock()
	if ok {
		return uid, nil
	}
	err := r.bus.CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixUser", 0, string(sender)).Store(&uid)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	_, known := r.users[sender]
	r.users[sender] = uid
	r.mu.Unlock()
	if !known {
		context.AfterFunc(ctx, func() { r.forget(sender) })
	}
	return uid, nil
}

func (r *RootOnly) forget(sender dbus.Sender) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.users, sender)
}
