package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completion completes a word of a command line. args are the operands before it.
type completion func(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective)

// operand is an argument of a command. As in virsh, it is a word at its place or an option.
type operand struct {
	name     string // the option's name
	about    string // with the name of the word in backquotes
	value    string
	optional bool // a command is complete without it; none that is required comes after it
	many     bool // all words that are left are such; they are in values
	values   []string
	given    bool
	complete completion // nil: nothing completes it
}

// addOperands gives a command its operands. It requires all that are not optional. An operand that is given as an
// option has no place among the words.
func addOperands(cmd *cobra.Command, list ...*operand) {
	for _, o := range list {
		if o.complete == nil {
			o.complete = cobra.NoFileCompletions
		}
		if o.many {
			cmd.Flags().StringArrayVar(&o.values, o.name, nil, o.about)
		} else {
			cmd.Flags().StringVar(&o.value, o.name, "", o.about)
		}
		word, _ := pflag.UnquoteUsage(cmd.Flags().Lookup(o.name))
		if o.optional {
			word = "[" + word + "]"
		}
		if o.many {
			word += "..."
		}
		cmd.Use += " " + word
		// The only error is that the flag does not exist.
		_ = cmd.RegisterFlagCompletionFunc(o.name, o.complete)
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		for _, o := range list {
			o.given = cmd.Flags().Changed(o.name) || len(args) > 0
			switch {
			case o.many:
				o.values, args = append(o.values, args...), nil
			case cmd.Flags().Changed(o.name):
			case len(args) == 0 && o.optional:
			case len(args) == 0:
				return fmt.Errorf("command '%s' requires <%s> option", cmd.Name(), o.name)
			default:
				o.value, args = args[0], args[1:]
			}
		}
		return noOperand(cmd, args)
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective) {
		place := len(args)
		for _, o := range list {
			if cmd.Flags().Changed(o.name) && !o.many {
				continue
			}
			if place == 0 || o.many {
				return o.complete(cmd, args, given)
			}
			place--
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
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
