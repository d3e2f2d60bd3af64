package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

func startWith(ctx context.Context, d Daemon, p client.Path, o client.StartOptions) error {
	if len(o.Passed) == 0 && o.Unit == "" {
		return d.Start(ctx, p)
	}
	return d.StartWith(ctx, p, o)
}

// startOrAdopt starts a container. One that runs already becomes that of the unit, unless it is to have what only a
// start can give. Then startOrAdopt gives notice, and adopted is true.
func (a *app) startOrAdopt(ctx context.Context, d Daemon, t target, o client.StartOptions) (adopted bool, err error) {
	err = startWith(ctx, d, t.path, o)
	if client.NameOf(err) != contract.ErrorAlreadyRunning || o.Unit == "" || len(o.Passed) > 0 || a.start.autodestroy {
		return false, err
	}
	// Only now: an older berthd has no such option, but starts what is off.
	o.Adopt = true
	again := d.StartWith(ctx, t.path, o)
	if client.NameOf(again) == contract.ErrorInvalidArgs {
		return false, err
	}
	if again != nil {
		return false, again
	}
	name, err := t.called(ctx, d)
	if err == nil {
		// Also with --quiet, for the journal of the unit.
		fmt.Fprintf(a.Err, "notice: domain '%s' ran already, and belongs to %s now\n", printable(name), printable(o.Unit))
	}
	return true, err
}

// whyNotStarted returns an error that says what a container that runs already does not get. It returns any other err
// unchanged.
func whyNotStarted(ctx context.Context, d Daemon, t target, err error, o client.StartOptions) error {
	reply, ok := errors.AsType[*client.Error](err)
	if !ok || reply.Name != contract.ErrorAlreadyRunning {
		return err
	}
	name, unknown := t.called(ctx, d)
	if unknown != nil {
		return err
	}
	other, _ := reply.Details["unit"].(string)
	switch {
	case len(o.Passed) > 0:
		return fmt.Errorf("domain '%s' is already active, and cannot take sockets now; shut it down first", printable(name))
	case other != "":
		return fmt.Errorf("domain '%s' is already active, and belongs to %s; stop that, then start %s", printable(name), printable(other), printable(o.Unit))
	case o.Unit != "" && reply.Details["state"] == "stopping":
		return fmt.Errorf("domain '%s' is being stopped; start %s when it is off", printable(name), printable(o.Unit))
	case o.Unit != "":
		return fmt.Errorf("domain '%s' is already active, but not by %s; shut it down, then start that", printable(name), printable(o.Unit))
	}
	return err
}
