package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// autostartCommand returns autostart.
func (a *app) autostartCommand() *cobra.Command {
	var disable, once bool
	cmd := &cobra.Command{Use: "autostart", Short: "Start a container with the host"}
	cmd.Flags().BoolVar(&disable, "disable", false, "do not start it with the host any more")
	cmd.Flags().BoolVar(&once, "once", false, "with the next boot of the host only")
	persistent := true
	return a.domainCommand(cmd, nameUUIDOrID, fitting{Persistent: &persistent}, func(ctx context.Context, d Daemon, t target) error {
		name, verb, when, set := t.name, "mark", "", d.SetAutostart
		if once {
			when, set = " on next boot", d.SetAutostartOnce
		}
		if !a.quiet {
			var err error
			if name, err = t.called(ctx, d); err != nil {
				return err
			}
		}
		if disable {
			verb = "unmark"
		}
		if err := begun(ctx, set(ctx, t.path, !disable)); err != nil {
			return err
		}
		a.say("Domain '%s' %sed as autostarted%s", printable(name), verb, when)
		return nil
	})
}
