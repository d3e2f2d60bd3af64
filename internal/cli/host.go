package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// hostCommands returns the commands that name the host and the connection to it.
func (a *app) hostCommands() []*cobra.Command {
	hostname := a.nodeCommand(&cobra.Command{Use: "hostname", Short: "Print the name of the host"}, func(ctx context.Context, d Daemon) error {
		name, err := d.Hostname(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, printable(name))
		return nil
	})
	uri := a.nodeCommand(&cobra.Command{Use: "uri", Short: "Print the URI of the connection"}, func(context.Context, Daemon) error {
		fmt.Fprintln(a.out, "lxc:///system")
		return nil
	})
	return []*cobra.Command{hostname, uri}
}

// managedSaveCommand returns the command that removes what a container never has.
func (a *app) managedSaveCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "managedsave-remove", Short: "Do nothing: a container has no saved state"}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		name, err := t.called(ctx, d)
		if err != nil {
			return err
		}
		a.say("Domain '%s' has no manage save image; removal skipped", printable(name))
		return nil
	})
}
