package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// versions is the output of version --json.
type versions struct {
	Client string `json:"client"`
	Daemon string `json:"daemon"`
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "version", Short: "Print the versions of berthctl and of the running berthd", Args: noOperand}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.connect(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		daemon, err := d.Version(cmd.Context())
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(versions{a.Version, daemon})
		}
		fmt.Fprintf(a.out, "Using client: berthctl %s\nRunning against daemon: berthd %s\n", a.Version, daemon)
		return nil
	}
	return cmd
}
