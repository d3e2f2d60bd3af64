package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// operand is a command's one argument. As in virsh, it is the first word or an option.
type operand struct {
	name  string // the option's name
	about string
	value string
}

// add gives the command the operand.
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

// noOperand returns an error if a command that takes no operand is given one.
func noOperand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unexpected(args[0])
	}
	return nil
}

func unexpected(data string) error { return fmt.Errorf("unexpected data '%s'", data) }

// exclusive returns an error if more than one of the named options is given.
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
