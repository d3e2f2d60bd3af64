package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/berthd/berth/internal/client"
)

// completionLimit is the longest time that a completion may take.
const completionLimit = 2 * time.Second

// fitting selects the containers that make sense for a command.
type fitting = client.Filter

// completeDomain completes the names of fitting containers.
func (a *app) completeDomain(fits fitting) completion {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.names(cmd.Context(), fits), cobra.ShellCompDirectiveNoFileComp
	}
}

// asked returns what ask finds out over a connection, within the time that a completion may take. It returns nothing if
// there is none: a completion must not print errors.
func (a *app) asked(ctx context.Context, ask func(ctx context.Context, d Daemon) []string) []string {
	ctx, cancel := context.WithTimeout(ctx, completionLimit)
	defer cancel()
	d, err := a.connect(ctx)
	if err != nil {
		return nil
	}
	defer func() { _ = d.Close() }()
	d.AskNobody() // a key must not lead to a question
	return ask(ctx, d)
}

// names returns the names of fitting containers.
func (a *app) names(ctx context.Context, fits fitting) []string {
	return a.asked(ctx, func(ctx context.Context, d Daemon) (names []string) {
		rows, _ := d.List(ctx, fits)
		for _, row := range rows {
			// Shells split the list at newlines and tabs.
			if printable(row.Name) == row.Name {
				names = append(names, row.Name)
			}
		}
		slices.Sort(names)
		return names
	})
}

// completeOf completes names that the container has, which is named before.
func (a *app) completeOf(names func(ctx context.Context, d Daemon, p client.Path) []string) completion {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		given, _ := cmd.Flags().GetString("domain")
		if len(args) > 0 {
			given = args[0]
		}
		return a.asked(cmd.Context(), func(ctx context.Context, d Daemon) []string {
			t, err := find(ctx, d, given, nameUUIDOrID)
			if err != nil {
				return nil
			}
			return names(ctx, d, t.path)
		}), cobra.ShellCompDirectiveNoFileComp
	}
}

func completeXMLFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"xml"}, cobra.ShellCompDirectiveFilterFileExt
}

// addCompletion adds cobra's command "completion", for the shells that Linux hosts have.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		return // the root command always has it
	}
	for _, shell := range completion.Commands() {
		if shell.Name() == "powershell" {
			completion.RemoveCommand(shell)
			continue
		}
		shell.Short = "Print the script for " + shell.Name()
		shell.Long = shell.Short + "; Berth's package installs it.\n\nFor this shell only: " + map[string]string{
			"bash": "source <(berthctl completion bash)", // needs the package bash-completion
			"zsh":  "source <(berthctl completion zsh)",
			"fish": "berthctl completion fish | source",
		}[shell.Name()]
	}
	completion.Short = "Print a script that makes a shell complete commands, options and names"
	completion.Long = ""
	completion.Use += " SHELL"
	completion.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("no completion for the shell '%s'", args[0])
		}
		return fmt.Errorf("command '%s' requires a shell: bash, fish or zsh", cmd.Name())
	}
	completion.RunE = func(*cobra.Command, []string) error { return nil }
}

// describePlainly takes the quotes away by which the help of an option finds the word for its value: completions show
// the description as it is.
func describePlainly(cmd *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	cmd.PersistentFlags().VisitAll(plain)
	cmd.Flags().VisitAll(plain)
	for _, below := range cmd.Commands() {
		describePlainly(below)
	}
}

// completeCommand completes the names of commands.
func completeCommand(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, c := range cmd.Root().Commands() {
		if len(args) == 0 && c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completing makes all commands ready for a request to complete words, which takes a while. No other run needs it.
func completing(root *cobra.Command, args []string) {
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		completeNoFiles(root)
		describePlainly(root)
	}
}

// completeNoFiles has the shell offer no files for words and options that nothing completes. A file is completed where
// a command says so.
func completeNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, completed := cmd.GetFlagCompletionFunc(f.Name); !completed {
			// The only errors are that there is no such flag, and that it is completed.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
		}
	})
	for _, below := range cmd.Commands() {
		completeNoFiles(below)
	}
}

// completePath completes paths of the host.
func completePath(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeWords completes one of a few words.
func completeWords(words ...string) completion {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
