package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "doctor", Short: "Check whether the host has what containers need, and say what to do", Args: noOperand}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		all := a.Examine(cmd.Context())
		if asJSON {
			if err := a.printJSON(all); err != nil {
				return err
			}
		} else {
			a.printFindings(all)
		}
		if !doctor.Healthy(all) {
			return statusError(1)
		}
		return nil
	}
	return cmd
}

// printFindings prints each finding with its advice. With --quiet it leaves out what is well.
func (a *app) printFindings(all []doctor.Finding) {
	count := map[doctor.Level]int{}
	for _, f := range all {
		count[f.Level]++
		if a.quiet && f.Level == doctor.OK {
			continue
		}
		fmt.Fprintf(a.out, "%-8s %-14s %s\n", f.Level, f.Check, f.Text)
		if f.Advice != "" {
			fmt.Fprintf(a.out, "%24s%s\n", "-> ", f.Advice)
		}
	}
	if !a.quiet {
		fmt.Fprintf(a.out, "\n%d well, %d notes, %d problems\n", count[doctor.OK], count[doctor.Note], count[doctor.Problem])
	}
}
