package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpCommand prints the help of a command or of a group of commands.
func (a *app) helpCommand() *cobra.Command {
	var command string
	cmd := &cobra.Command{
		Use:               "help [COMMAND|GROUP]",
		Short:             "Help about a command or a group of commands",
		ValidArgsFunction: completeTopic,
	}
	cmd.Flags().StringVar(&command, "command", "", "`COMMAND` or group")
	// The only error is that the flag does not exist.
	_ = cmd.RegisterFlagCompletionFunc("command", completeTopic)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("command") {
			args = append([]string{command}, args...)
		}
		if len(args) == 0 {
			return cmd.Root().Help()
		}
		topic, rest, err := cmd.Root().Find(args)
		if err == nil && len(rest) == 0 && topic != cmd.Root() {
			return topic.Help()
		}
		for _, g := range groups() {
			if len(args) == 1 && args[0] == g.keyword {
				a.printGroup(cmd.Root(), g)
				return nil
			}
		}
		return fmt.Errorf("command or command group '%s' doesn't exist", printable(args[0]))
	}
	return cmd
}

// printGroup prints the commands of a group, and those of virsh's that only answer.
func (a *app) printGroup(root *cobra.Command, g group) {
	groupCommands(root)
	fmt.Fprintf(a.out, "%s (help %s):\n", g.title, g.keyword)
	for _, cmd := range root.Commands() {
		if cmd.GroupID == g.keyword && !cmd.Hidden {
			fmt.Fprintf(a.out, "  %-*s %s\n", cmd.NamePadding(), cmd.Name(), cmd.Short)
		}
	}
	of := groupsOfVirsh()
	var others []string
	for _, an := range answers() {
		if of[an.name] == g.keyword {
			others = append(others, an.name)
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(a.out, "\nCommands of virsh that are not supported:\n  %s\n", strings.Join(others, " "))
	}
}

// completeTopic completes the names of commands, and of groups.
func completeTopic(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective) {
	names, directive := completeCommand(cmd, args, given)
	for _, g := range groups() {
		if len(args) == 0 {
			names = append(names, g.keyword)
		}
	}
	return names, directive
}
