package service

import "context"

// Caller is who calls, as the front knows for certain: never an argument of a call. The zero Caller is nobody: the
// service acts by itself.
type Caller struct {
	Known bool
	UID   uint32
	// BusName is the unique name of the caller's connection to the system bus, which is what polkit judges. It is ""
	// if the bus does not vouch for the caller.
	BusName string
	// Interactive says that the caller is ready to wait until somebody has typed a password.
	Interactive bool
}

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
