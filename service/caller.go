package service

import (
	"context"
	"strconv"
)

// Caller is who calls, as the front knows for certain: never an argument of a call. The zero Caller is nobody: the
// service acts by itself.
type Caller struct {
	Known bool
	UID   uint32
	// BusName is the unique name of the caller's connection to the system bus, which is what polkit judges. It is ""
	// if the bus does not vouch for the caller.
	BusName string
	// Peer is the process at the other end of a socket, for a caller who is not on the bus.
	Peer Peer
	// Interactive says that the caller is ready to wait until somebody has typed a password.
	Interactive bool
}

// Peer is a process that has connected to a socket, which is what polkit judges. The zero value is none.
type Peer struct {
	PID   uint32
	Start uint64 // when it began, in the unit of /proc/PID/stat
	// Connection tells connections of one process apart. No number comes back in the life of the daemon.
	Connection uint64
}

// key tells connections apart, "" for nobody: what a caller may see is remembered by it.
func (c Caller) key() string {
	if c.BusName != "" || c.Peer == (Peer{}) {
		return c.BusName
	}
	return c.Peer.Key()
}

// Key is the name of a connection for Access.Forget.
func (p Peer) Key() string { return "socket " + strconv.FormatUint(p.Connection, 10) }

// Root reports whether the caller is root, who may do everything. Nobody else is asked about him.
func (c Caller) Root() bool { return c.Known && c.UID == 0 }

type callerKey struct{}

// WithCaller returns a context of a call. A front makes it, which knows the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns who called with a context.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
