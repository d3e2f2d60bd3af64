package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// operand is the one thing that a command is about. As in virsh it is given by its place or by an
// option of its name.
type operand struct {
	name  string // of the option
	about string
	value string
}

// add makes the command take the operand.
func (o *operand) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.value, o.name, "", o.about)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch given := cmd.Flags().Changed(o.name); {
		case given && len(args) > 0:
			return unexpected(args[0])
		case len(args) > 1:
			return unexpected(args[1])
		case len(args) == 1:
			o.value = args[0]
		case !given:
			return fmt.Errorf("command '%s' requires <%s> option", cmd.Name(), o.name)
		}
		return nil
	}
}

// noOperand is for a command that is about nothing in particular.
func noOperand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unexpected(args[0])
	}
	return nil
}

func unexpected(data string) error { return fmt.Errorf("unexpected data '%s'", data) }

// exclusive refuses two options of which one makes the other meaningless.
func exclusive(cmd *cobra.Command, names ...string) error {
	first := ""
	for _, name := range names {
		if !cmd.Flags().Changed(name) {
			continue
		}
		if first != "" {
			return fmt.Errorf("options --%s and --%s are mutually exclusive", first, name)
		}
		first = name
	}
	return nil
}
