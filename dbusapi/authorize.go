package dbusapi

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"
)

// The refusals of an Authorizer.
var (
	ErrAccessDenied        = errors.New("not authorized")
	ErrInteractionRequired = errors.New("interactive authorization is required")
)

// Callers knows who callers are, by their unique bus names, for which the bus itself vouches.
type Callers interface {
	// UID returns the user of a connection. ctx ends when the caller leaves the bus.
	UID(ctx context.Context, sender dbus.Sender) (uint32, error)
}

// Authorizer decides whether a caller may do an action. It is asked before every method, also
// those of the standard interfaces.
//
// sender is the caller's unique bus name, which the bus itself vouches for; no argument of a call
// is ever a subject. details names the container (keys "container" and "uuid") and the method
// ("verb"), as far as known. ctx ends when the caller leaves the bus. interactive says that the
// caller is ready to wait for a dialogue. A nil error allows; ErrInteractionRequired and
// everything else refuses.
type Authorizer interface {
	Authorize(ctx context.Context, sender dbus.Sender, action string, details map[string]string, interactive bool) error
}
