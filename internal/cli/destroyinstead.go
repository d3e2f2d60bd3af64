package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// errAgain is returned if a container that is to stay off runs again after its end.
var errAgain = errors.New("it runs again")

// destroyInstead destroys a container that did not shut down for the reason err. It returns err if that is no reason
// to destroy it. It returns nil if the container is off.
func (a *app) destroyInstead(ctx context.Context, d Daemon, t target, err error) error {
	if isOff(err) {
		a.say("Domain '%s' is shut off", printable(t.name))
		return nil
	}
	if ctx.Err() != nil || !endsByForce(err) {
		return err
	}
	if err := begun(ctx, d.Destroy(ctx, t.path)); err != nil && !isOff(err) {
		return err
	}
	reason := a.sentence(err)
	if late, ok := errors.AsType[*lateError](err); ok {
		reason = late.what()
	}
	// Also with --quiet: it is no confirmation of what was asked for.
	fmt.Fprintf(a.Err, "notice: domain '%s' was destroyed: %s\n", printable(t.name), reason)
	return nil
}

// isOff reports whether an error says that a container is off, or was transient and is gone.
func isOff(err error) bool {
	switch client.NameOf(err) {
	case contract.ErrorNotRunning, contract.ErrorNoSuchContainer, contract.ErrorUnknownObject:
		return true
	}
	return false
}

// endsByForce reports whether a container that does not shut down for this reason is to be destroyed: not if the
// question was wrong, or berthd cannot be asked.
func endsByForce(err error) bool {
	if errors.Is(err, errAgain) {
		return true
	}
	if _, late := errors.AsType[*lateError](err); late {
		return true
	}
	switch client.NameOf(err) {
	case "", contract.ErrorInvalidArgs, contract.ErrorAccessDenied, contract.ErrorInteractionRequired, contract.ErrorUnknownMethod:
		return false
	}
	return true
}
