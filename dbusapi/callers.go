package dbusapi

import (
	"context"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Users are the Callers of a bus.
type Users struct {
	bus  dbus.BusObject
	left func(name string)

	mu    sync.Mutex // guards users; held for map access only
	users map[dbus.Sender]uint32
}

// NewUsers asks the bus of conn for the callers' identities. conn may be any connection to the same bus as the
// server's. left, which may be nil, is called with the name of each caller who has left.
func NewUsers(conn *dbus.Conn, left func(name string)) *Users {
	return &Users{bus: conn.BusObject(), left: left, users: make(map[dbus.Sender]uint32)}
}

// UID returns the user of a caller. It asks the bus once per caller. A unique name is never given to another
// connection, so an answer holds until the caller leaves (the end of ctx); a caller that left has no answer.
func (r *Users) UID(ctx context.Context, sender dbus.Sender) (uint32, error) {
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

func (r *Users) forget(sender dbus.Sender) {
	r.mu.Lock()
	delete(r.users, sender)
	r.mu.Unlock()
	if r.left != nil {
		r.left(string(sender))
	}
}
