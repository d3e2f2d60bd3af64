package client

import (
	"context"
	"errors"
	"syscall"

	"github.com/godbus/dbus/v5"
)

// Error is an error reply.
type Error struct {
	Name    string // the D-Bus error name
	Message string // one sentence for people
	// Details are the facts that berthd gives with its errors. Nil for an error that is not
	// berthd's, as one of the bus itself.
	Details map[string]any
}

func (e *Error) Error() string { return e.Message }

// NameOf gives the D-Bus error name of err, "" when it is no error reply.
func NameOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Name
	}
	return ""
}

// callError makes a *Error of an error reply, and says of the others what happened: the end of
// ctx comes first, since it also closes the connection.
func callError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	// A bus that goes is met by the reader, or by who is just writing.
	if errors.Is(err, dbus.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return ErrLost
	}
	var reply dbus.Error
	if !errors.As(err, &reply) {
		return err
	}
	e := &Error{Name: reply.Name, Message: reply.Name}
	if len(reply.Body) > 0 {
		if text, ok := reply.Body[0].(string); ok {
			e.Message = text
		}
	}
	if len(reply.Body) > 1 {
		if details, ok := reply.Body[1].(map[string]dbus.Variant); ok {
			e.Details = make(map[string]any, len(details))
			for key, value := range details {
				e.Details[key] = value.Value()
			}
		}
	}
	return e
}
