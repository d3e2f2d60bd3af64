package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// renameCommand returns domrename.
func (a *app) renameCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "domrename", Short: "Give a container that is shut off another name"}
	name := &operand{name: "new-name", about: "the new `NAME`"}
	return a.domainCommand(cmd, nameOrUUID, fitting{States: []string{"shutoff"}}, func(ctx context.Context, d Daemon, t target) error {
		if err := begun(ctx, d.Rename(ctx, t.path, name.value)); err != nil {
			return err
		}
		a.say("Domain successfully renamed")
		return nil
	}, name)
}
