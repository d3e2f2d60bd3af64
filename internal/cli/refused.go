package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// withoutEffect has the options of virsh's that a command takes, because there is nothing to do for them.
func withoutEffect() map[string][]string {
	return map[string][]string{
		"dumpxml":  {"security-info", "update-cpu", "migratable"},                  // nothing is secret, and there is no CPU model
		"undefine": {"managed-save", "snapshots-metadata", "checkpoints-metadata"}, // there is none
		"version":  {"daemon"},                                                     // it is always printed
	}
}

// refuseOptions gives each command the options that virsh's has besides. They are hidden. One that would have an effect
// is an error.
func refuseOptions(root *cobra.Command, named func(string) bool) {
	harmless := withoutEffect()
	for _, cmd := range root.Commands() {
		if !named(cmd.Name()) {
			continue
		}
		var refused []string
		for _, option := range optionsOfVirsh(cmd.Name()) {
			name := optionName(option)
			if cmd.Flags().Lookup(name) != nil || strings.HasSuffix(option, "+") {
				continue
			}
			if strings.HasSuffix(option, "*") {
				cmd.Flags().Bool(name, false, "as virsh has it")
			} else {
				cmd.Flags().String(name, "", "as virsh has it")
			}
			cmd.Flags().Lookup(name).Hidden = true
			if !slices.Contains(harmless[cmd.Name()], name) {
				refused = append(refused, name)
			}
		}
		if len(refused) > 0 {
			refuse(cmd, refused)
		}
	}
}

// refuse has a command fail before it does anything if one of these options is given.
func refuse(cmd *cobra.Command, names []string) {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("this function is not supported by the connection driver: %s --%s", cmd.Name(), name)
			}
		}
		return run(cmd, args)
	}
}
