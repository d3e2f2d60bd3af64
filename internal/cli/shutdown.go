package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// ending is a command that asks init for something which ends its run.
type ending struct {
	use, short string
	ask        func(Daemon, context.Context, client.Path, []string) error
	asked      string // the confirmation
	waiting    string // completes "Waiting for domain 'web' to"
}

// waitOptions are the options of a wait for the end of a run.
type waitOptions struct {
	modes   []string
	wait    bool
	timeout uint
	destroy bool // what does not end
}

func (a *app) endCommands() []*cobra.Command {
	return []*cobra.Command{
		a.endCommand(ending{"shutdown", "Ask the init of a container to end", Daemon.Shutdown, "is being shutdown", "shut down"}),
		a.endCommand(ending{"reboot", "Ask the init of a container to reboot", Daemon.Reboot, "is being rebooted", "reboot"}),
	}
}

func (a *app) endCommand(e ending) *cobra.Command {
	var o waitOptions
	cmd := &cobra.Command{Use: e.use, Short: e.short}
	cmd.Flags().StringSliceVar(&o.modes, "mode", nil, "`MODES`, separated by commas: auto, initctl, signal")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until the run is over")
	cmd.Flags().UintVar(&o.timeout, "timeout", 0, "with --wait: give up after so many `SECONDS`")
	if e.use == "shutdown" {
		cmd.Flags().BoolVar(&o.destroy, "destroy", false, "with --wait: destroy the container if it does not end; one that is shut off is no error")
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, name := range []string{"timeout", "destroy"} {
			if f := cmd.Flags().Lookup(name); f != nil && f.Changed && !o.wait {
				return fmt.Errorf("option --%s requires --wait option", name)
			}
		}
		return nil
	}
	// The only error is that the flag does not exist.
	_ = cmd.RegisterFlagCompletionFunc("mode", completeModes)
	return a.domainCommand(cmd, nameUUIDOrID, fitting{States: []string{"running"}}, func(ctx context.Context, d Daemon, t target) error {
		err := a.end(ctx, d, &t, e, o)
		if err != nil && o.destroy {
			return a.destroyInstead(ctx, d, t, err)
		}
		return err
	})
}

// end asks init, and waits for the end of the run if that is wished. It fills the target's name in.
func (a *app) end(ctx context.Context, d Daemon, t *target, e ending, o waitOptions) error {
	var info client.Info
	var err error
	if o.wait || !a.quiet && t.name == "" {
		if info, err = d.Info(ctx, t.path); err != nil {
			return err
		}
		t.name = info.Name
	}
	asked := e.ask(d, ctx, t.path, o.modes)
	if !o.destroy { // that is the way out
		asked = wayOut(asked)
	}
	if err := begun(ctx, asked); err != nil {
		return err
	}
	if !o.wait {
		a.say("Domain '%s' %s", printable(t.name), e.asked)
		return nil
	}
	return a.awaitEnd(ctx, d, *t, info.ID, e, o)
}

// lateError is returned if the time of a wait is up.
type lateError struct {
	name, waiting string
	timeout       uint
}

func (e *lateError) Error() string {
	return fmt.Sprintf("%s, and still may; \"berthctl destroy\" ends it at once", e.what())
}

func (e *lateError) what() string {
	return fmt.Sprintf("domain '%s' did not %s within %d s", e.name, e.waiting, e.timeout)
}

// wayOut adds to the error of an init that was not asked what the user can do. It returns any other err as it is.
func wayOut(err error) error {
	reply, ok := errors.AsType[*client.Error](err)
	if !ok {
		return err
	}
	more := *reply
	switch {
	case reply.Name == contract.ErrorNotAsked:
		more.Message += `; "berthctl destroy" or "berthctl reset" ends it at once, and <berth:shutdown signal=''/> in the definition can name a signal`
	case reply.Name == contract.ErrorInvalidState && reply.Details["state"] == "paused":
		more.Message += "; resume it first"
	}
	return &more
}

// awaitEnd waits until a run is over, and says what the container is then.
func (a *app) awaitEnd(ctx context.Context, d Daemon, t target, id uint32, e ending, o waitOptions) error {
	name := printable(t.name)
	late := &lateError{name: name, waiting: e.waiting, timeout: o.timeout}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(o.timeout)*time.Second, late)
		defer cancel()
	}
	done := a.progress(fmt.Sprintf("Waiting for domain '%s' to %s", name, e.waiting))
	state, reason, err := endOf(ctx, d, t.path, id)
	done()
	switch {
	case err != nil && ctx.Err() != nil && !errors.Is(err, late):
		return fmt.Errorf("interrupted, but domain '%s' was asked to %s", name, e.waiting)
	case err != nil:
		return err
	case state == "shutoff":
		a.say("Domain '%s' is shut off (%s)", name, reason)
	case o.destroy:
		return errAgain
	default:
		a.say("Domain '%s' is %s again", name, state)
	}
	return nil
}

// endOf waits for the end of a run.
func endOf(ctx context.Context, d Daemon, path client.Path, id uint32) (state, reason string, err error) {
	state, reason, err = d.AwaitEnd(ctx, path, id)
	switch client.NameOf(err) {
	case contract.ErrorUnknownObject, contract.ErrorNoSuchContainer: // a transient one is gone
		return "shutoff", "transient", nil
	}
	return state, reason, err
}

// progress shows on a terminal, once a second, that the command waits. done removes that.
func (a *app) progress(text string) (done func()) {
	begun := time.Now()
	show := func() string { return fmt.Sprintf("%s: %d s", text, int(time.Since(begun).Seconds())) }
	return a.eachSecond(show(), show)
}

// eachSecond shows a first line on a terminal, and another one each second, unless it is empty. done removes it.
func (a *app) eachSecond(first string, text func() string) (done func()) {
	if !a.Terminal || a.quiet {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	width := 0
	show := func(line string) {
		if line != "" {
			fmt.Fprintf(a.Err, "\r%-*s", width, line)
			width = max(width, utf8.RuneCountInString(line))
		}
	}
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for line := first; ; line = text() {
			show(line)
			select {
			case <-tick.C:
			case <-stop:
				if width > 0 {
					fmt.Fprint(a.Err, "\r"+strings.Repeat(" ", width)+"\r")
				}
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// completeModes completes a list of modes.
func completeModes(_ *cobra.Command, _ []string, given string) ([]string, cobra.ShellCompDirective) {
	before := given[:strings.LastIndexByte(given, ',')+1]
	list := []string{}
	for _, mode := range []string{"auto", "initctl", "signal"} {
		if !strings.Contains(","+before, ","+mode+",") {
			list = append(list, before+mode)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
