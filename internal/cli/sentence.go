package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// errInterrupted is returned if the user interrupts the wait for a change. berthd completes the change.
var errInterrupted = errors.New(`interrupted, but berthd carries the command out; "berthctl list --all" shows the result`)

// begun returns errInterrupted if a call that changes a container failed because ctx ended. It returns
// any other err unchanged.
func begun(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// report returns an error as text for a person: a line, or for several mistakes in a definition one more line
// for each.
func (a *app) report(err error) string {
	reply, ok := errors.AsType[*client.Error](err)
	if !ok {
		return a.sentence(err)
	}
	faults, _ := reply.Details["faults"].([]string)
	head, _, several := strings.Cut(reply.Message, ": (1) ")
	if !several || len(faults) < 2 {
		return a.sentence(err)
	}
	lines := []string{printable(head) + ":"}
	for _, fault := range faults {
		lines = append(lines, "  "+printable(fault))
	}
	return strings.Join(lines, "\n")
}

// sentence returns an error as one line for a person. It leaves berthd's own messages unchanged. To an
// error on the way to berthd it adds advice.
func (a *app) sentence(err error) string {
	var reply *client.Error
	var none *noDomainError
	text := err.Error()
	switch {
	case errors.As(err, &none) && !a.Root:
		text += ", or you may not see it; try again as root" // nobody but root is told which
	case errors.Is(err, context.Canceled):
		text = "interrupted"
	case errors.Is(err, client.ErrConnect):
		text = fmt.Sprintf("%v; is this host's D-Bus system bus running?", err)
	case errors.Is(err, client.ErrLost):
		text += `; "berthctl list --all" shows what was done`
	case errors.As(err, &reply):
		text = a.replySentence(reply)
	}
	// errors.Join separates its errors by newlines.
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
		return `berthd did not start in time; "systemctl status berthd" says more`
	case contract.ErrorUnknownMethod, contract.ErrorUnknownInterface:
		return fmt.Sprintf(`berthd and berthctl have different versions, see "berthctl version": %s`, e.Message)
	}
	if strings.HasPrefix(e.Name, "org.freedesktop.systemd1.") || strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Spawn.") {
		return fmt.Sprintf(`berthd cannot be started: %s; "systemctl status berthd" says more`, e.Message)
	}
	return e.Message
}

// deniedSentence says what the user can do. It leaves out the bus's own message, which quotes rules of the bus policy:
// they tell the user nothing.
func (a *app) deniedSentence(e *client.Error) string {
	text := e.Message
	if e.Details == nil {
		text = "permission denied by the system bus"
	}
	switch {
	case a.Root:
		return text
	case e.Name == contract.ErrorAccessDenied:
		return text + `; try again as root, or ask the administrator for a rule of polkit, see berthd(8)`
	case a.agentErr != nil:
		return fmt.Sprintf("%s; polkit cannot ask for a password here (%v); try again as root", text, a.agentErr)
	case a.noAsk:
		return text + "; try again without --no-ask-password, or as root"
	case !a.Agent:
		return text + "; try again on a terminal, where polkit can ask for a password, or as root"
	}
	return text + "; try again as root"
}
