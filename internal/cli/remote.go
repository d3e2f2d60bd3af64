package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

// checkHost returns an error if a command cannot be carried out on another host: ssh passes no descriptors, and units
// are files of this host, which doctor examines. What import reads are files of this host, too, with its paths.
func (a *app) checkHost(cmd *cobra.Command) error {
	if a.host == "" {
		return nil
	}
	what := cmd.Name()
	here := slices.Contains([]string{"console", "exec", "lxc-enter-namespace", "socket-unit", "doctor", "import"}, what)
	for _, option := range []string{"console", "pass-fds", "pass-listen-fds"} {
		if f := cmd.Flags().Lookup(option); f != nil && f.Changed {
			here, what = true, what+" --"+option
		}
	}
	if here {
		return fmt.Errorf("-H has no %s; run berthctl there: ssh -t HOST berthctl %s", what, cmd.Name())
	}
	return nil
}
