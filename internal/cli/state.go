package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// stated is the output of domstate --json.
type stated struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
	Ready  bool   `json:"ready"`
	Status string `json:"status"`
}

func (a *app) stateCommand() *cobra.Command {
	var reason, asJSON bool
	cmd := &cobra.Command{Use: "domstate", Short: "Print the state of a container"}
	cmd.Flags().BoolVar(&reason, "reason", false, "print the reason too, and what init says of itself")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, always with the reason")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		info, err := d.Info(ctx, t.path)
		if err != nil {
			return err
		}
		switch {
		case asJSON:
			return a.printJSON(stated{info.State, info.StateReason, info.Ready, info.Status})
		case reason:
			fmt.Fprintf(a.out, "%s (%s)\n", stateWord(info.State), info.StateReason)
			if info.Status != "" {
				fmt.Fprintln(a.out, printable(info.Status))
			}
		default:
			fmt.Fprintln(a.out, stateWord(info.State))
		}
		return nil
	})
}
