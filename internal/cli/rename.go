package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// renameCommand returns domrename.
func (a *app) renameCommand() *cobra.Command {
	var given, name string
	cmd := &cobra.Command{Use: "domrename DOMAIN NAME", Short: "Give a container that is shut off another name"}
	cmd.Flags().StringVar(&given, "domain", "", "`DOMAIN`: name or uuid")
	cmd.Flags().StringVar(&name, "new-name", "", "the new `NAME`")
	a.completeDomain(cmd, fitting{States: []string{"shutoff"}})
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		for _, o := range []struct {
			name string
			to   *string
		}{{"domain", &given}, {"new-name", &name}} {
			switch {
			case cmd.Flags().Changed(o.name):
			case len(args) == 0:
				return fmt.Errorf("command '%s' requires <%s> option", cmd.Name(), o.name)
			default:
				*o.to, args = args[0], args[1:]
			}
		}
		return noOperand(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		t, err := find(ctx, d, given, nameOrUUID)
		if err != nil {
			return err
		}
		if err := begun(ctx, d.Rename(ctx, t.path, name)); err != nil {
			return gone(err, given)
		}
		a.say("Domain successfully renamed")
		return nil
	}
	return cmd
}
