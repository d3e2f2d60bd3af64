package cli

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/berthd/berth/internal/shellword"
)

// Command returns the whole command tree, for tests of the documentation.
func Command(cfg Config) *cobra.Command {
	return (&app{Config: cfg, out: bufio.NewWriter(cfg.Out)}).command(func(string) bool { return true })
}

// command returns the command tree. named reports whether a name is in the command line. What only answers has no part
// in other command lines, and would make each a millisecond longer.
func (a *app) command(named func(string) bool) *cobra.Command {
	root := &cobra.Command{
		Use:           "berthctl",
		Short:         "Control Berth's containers",
		Version:       a.Version,
		SilenceErrors: true, // Run prints all errors
		SilenceUsage:  true,
		Args:          a.noSuchCommand,
		RunE:          a.runShell,
	}
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.checkHost(cmd) }
	root.SetIn(a.In)
	root.SetOut(a.out)
	root.SetErr(a.Err)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVarP(&a.uri, "connect", "c", "", "hypervisor connection `URI`; lxc:///system is the only one")
	root.PersistentFlags().StringVarP(&a.host, "host", "H", "", "the containers of another host: `[USER@]HOST[:PORT]`, by ssh")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print results only, no headings and confirmations")
	root.PersistentFlags().StringVarP(&a.escape, "escape", "e", defaultEscape, "`KEY` that leaves a console, ^ standing for Ctrl")
	root.PersistentFlags().BoolVar(&a.noAsk, "no-ask-password", false, "do not ask for a password; what needs one fails")
	root.PersistentFlags().BoolP("help", "h", false, "help for the command")
	root.AddCommand(a.defineCommands()...)
	root.AddCommand(a.changeCommands()...)
	root.AddCommand(a.socketUnitCommand())
	root.AddCommand(a.endCommands()...)
	root.AddCommand(a.editCommand(), a.renameCommand(), a.autostartCommand(), a.unshiftCommand())
	root.AddCommand(a.execCommands()...)
	root.AddCommand(a.signalCommand())
	root.AddCommand(a.listCommand(), a.dumpXMLCommand(), a.planCommand(), a.stateCommand(), a.infoCommand(), a.labelCommand())
	root.AddCommand(a.identityCommands()...)
	root.AddCommand(a.statsCommands()...)
	root.AddCommand(a.tuneCommands()...)
	root.AddCommand(a.deviceCommands()...)
	root.AddCommand(a.diskCommands()...)
	root.AddCommand(a.consoleCommand(), a.consoleLogCommand(), a.versionCommand())
	root.AddCommand(a.nodeCommands()...)
	root.AddCommand(a.topCommand(), a.metricsCommand(), a.doctorCommand())
	root.AddCommand(a.networkCommands()...)
	root.AddCommand(a.linkCommands()...)
	root.AddCommand(a.guestCommands()...)
	root.AddCommand(a.vcpuCountCommand())
	root.AddCommand(a.metadataCommands()...)
	root.AddCommand(a.validateCommand(), a.jobInfoCommand(), a.fromNativeCommand(), a.importCommand())
	root.AddCommand(a.exportCommands()...)
	root.AddCommand(a.eventCommands()...)
	root.AddCommand(a.hostCommands()...)
	root.AddCommand(a.managedSaveCommand())
	root.AddCommand(a.shellCommands()...)
	root.AddCommand(a.answerCommands(named)...)
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultVersionFlag()
	addCompletion(root)
	refuseOptions(root, named)
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		groupCommands(root)
		help(cmd, args)
	})
	return root
}

// noSuchCommand returns an error for a word that is no command, but not for a text with several words.
func (a *app) noSuchCommand(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0, len(args) == 1 && a.shell == nil && shellword.Quote(args[0]) != args[0]:
		return nil
	}
	return fmt.Errorf("unknown command: '%s'", printable(args[0]))
}

// flagError translates pflag's messages into virsh's.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := "--" + unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			name = "-" + short
		}
		return fmt.Errorf("command '%s' doesn't support option %s", cmd.Name(), name)
	}
	if lacking, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		kind, _ := pflag.UnquoteUsage(lacking.GetFlag())
		return fmt.Errorf("expected syntax: --%s <%s>", lacking.GetFlag().Name, kind)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool" {
		return fmt.Errorf("invalid '=' after option --%s", invalid.GetFlag().Name)
	}
	if errors.As(err, &invalid) && (strings.HasSuffix(invalid.GetFlag().Value.Type(), "int") || invalid.GetFlag().Value.Type() == "float64") {
		return malformed(invalid.GetValue(), invalid.GetFlag().Name)
	}
	return err
}
