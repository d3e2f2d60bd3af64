package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// errInterrupted is the end of the wait for work that berthd goes on with.
var errInterrupted = errors.New(`interrupted, but berthd goes on with what was asked; "berthctl list --all" shows what became of it`)

// begun tells an interrupted wait for a change from one that had not begun.
func begun(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// sentence makes one line for a person of an error: what berthd says as it is, and what went wrong
// on the way to berthd with what can be done.
func (a *app) sentence(err error) string {
	var reply *client.Error
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		text = "interrupted"
	case errors.Is(err, client.ErrConnect):
		text = fmt.Sprintf("%v; is this host's D-Bus system bus running?", err)
	case errors.Is(err, client.ErrLost):
		text += `; "berthctl list --all" shows what was done`
	case errors.As(err, &reply):
		text = a.replySentence(reply)
	}
	// Joined errors come on several lines.
	return printable(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

func (a *app) replySentence(e *client.Error) string {
	switch e.Name {
	case contract.ErrorAccessDenied, contract.ErrorInteractionRequired:
		return a.deniedSentence(e)
	case contract.ErrorServiceUnknown, contract.ErrorNameHasNoOwner:
		return "there is no " + contract.BusName + " on the system bus; is berthd installed?"
	case contract.ErrorNoReply:
		return `berthd ended before it answered; "berthctl list --all" shows what was done`
	case contract.ErrorTimedOut:
		return `berthd did not come up in time; "systemctl status berthd" says more`
	case contract.ErrorUnknownMethod, contract.ErrorUnknownInterface:
		return fmt.Sprintf(`berthd and berthctl are of different versions, as "berthctl version" shows: %s`, e.Message)
	}
	if strings.HasPrefix(e.Name, "org.freedesktop.systemd1.") || strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Spawn.") {
		return fmt.Sprintf(`berthd cannot be started: %s; "systemctl status berthd" says more`, e.Message)
	}
	return e.Message
}

// deniedSentence leaves out the bus's own text, which quotes its rules and means nothing to a
// caller.
func (a *app) deniedSentence(e *client.Error) string {
	text := e.Message
	if e.Details == nil {
		text = "permission denied by the system bus"
	}
	if !a.Root {
		text += "; try again as root"
	}
	return text
}
