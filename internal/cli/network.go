package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// networks has the calls about the networks of the host.
type networks interface {
	Networks(ctx context.Context) ([]client.Network, error)
	Network(ctx context.Context, name string) (client.Network, error)
	NetworkXML(ctx context.Context, name string, d client.Definition) (string, error)
	NetworkLeases(ctx context.Context, name string) ([]client.NetworkLease, error)
	DefineNetwork(ctx context.Context, xml string) (string, error)
	UndefineNetwork(ctx context.Context, name string) error
	StartNetwork(ctx context.Context, name string) error
	DestroyNetwork(ctx context.Context, name string) error
	SetNetworkAutostart(ctx context.Context, name string, on bool) error
}

func (a *app) networkCommands() []*cobra.Command {
	return []*cobra.Command{
		a.netListCommand(), a.netInfoCommand(), a.netDumpXMLCommand(), a.netDefineCommand(), a.netEditCommand(),
		a.netChangeCommand("net-start", "Start a network", "started", Daemon.StartNetwork),
		a.netChangeCommand("net-destroy", "Stop a network; its containers run on without it", "destroyed", Daemon.DestroyNetwork),
		a.netChangeCommand("net-undefine", "Remove the definition of a network", "has been undefined", Daemon.UndefineNetwork),
		a.netAutostartCommand(), a.netLeasesCommand(),
		a.netWordCommand("net-name", "Print the name of a network", func(n client.Network) string { return n.Name }),
		a.netWordCommand("net-uuid", "Print the uuid of a network", func(n client.Network) string { return n.UUID }),
	}
}

// noNetworkError is returned if no network has the given name or uuid.
type noNetworkError struct{ given string }

func (e *noNetworkError) Error() string { return fmt.Sprintf("failed to get network '%s'", e.given) }

// netCommand completes a command that acts on one network.
func (a *app) netCommand(cmd *cobra.Command, run func(context.Context, Daemon, client.Network) error, more ...*operand) *cobra.Command {
	o := &operand{name: "network", about: "`NETWORK`: name or uuid", complete: a.completeNetwork}
	addOperands(cmd, append([]*operand{o}, more...)...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		n, err := d.Network(ctx, o.value)
		if err == nil {
			err = run(ctx, d, n)
		}
		return noNetwork(err, o.value)
	}
	return cmd
}

// findNetwork looks a network up by its name or uuid. It returns a *noNetworkError if there is none.
func findNetwork(ctx context.Context, d Daemon, given string) (client.Network, error) {
	n, err := d.Network(ctx, given)
	return n, noNetwork(err, given)
}

// noNetwork returns a *noNetworkError if err says that the network does not exist, or no longer does. It returns any
// other err unchanged.
func noNetwork(err error, given string) error {
	if client.NameOf(err) == contract.ErrorNoSuchNetwork {
		return &noNetworkError{given}
	}
	return err
}

// completeNetwork completes the names of networks.
func (a *app) completeNetwork(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.asked(cmd.Context(), func(ctx context.Context, d Daemon) (names []string) {
		list, _ := d.Networks(ctx)
		for _, n := range list {
			names = append(names, n.Name)
		}
		return names
	}), cobra.ShellCompDirectiveNoFileComp
}

// netChangeCommand returns a command that changes one network and prints a confirmation.
func (a *app) netChangeCommand(use, short, done string, do func(Daemon, context.Context, string) error) *cobra.Command {
	return a.netCommand(&cobra.Command{Use: use, Short: short}, func(ctx context.Context, d Daemon, n client.Network) error {
		if err := begun(ctx, do(d, ctx, n.Name)); err != nil {
			return err
		}
		a.say("Network %s %s", printable(n.Name), done)
		return nil
	})
}

func (a *app) netAutostartCommand() *cobra.Command {
	var disable bool
	cmd := &cobra.Command{Use: "net-autostart", Short: "Start a network with the first berthd after a boot"}
	cmd.Flags().BoolVar(&disable, "disable", false, "do not start it")
	return a.netCommand(cmd, func(ctx context.Context, d Daemon, n client.Network) error {
		if err := begun(ctx, d.SetNetworkAutostart(ctx, n.Name, !disable)); err != nil {
			return err
		}
		if disable {
			a.say("Network %s unmarked as autostarted", printable(n.Name))
		} else {
			a.say("Network %s marked as autostarted", printable(n.Name))
		}
		return nil
	})
}

func (a *app) netDumpXMLCommand() *cobra.Command {
	var inactive bool
	cmd := &cobra.Command{Use: "net-dumpxml", Short: "Print the XML of a network"}
	cmd.Flags().BoolVar(&inactive, "inactive", false, "use the stored definition, not the active one")
	return a.netCommand(cmd, func(ctx context.Context, d Daemon, n client.Network) error {
		which := client.Live
		if inactive {
			which = client.Inactive
		}
		text, err := d.NetworkXML(ctx, n.Name, which)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, strings.TrimSuffix(text, "\n"))
		return nil
	})
}

func (a *app) netDefineCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "net-define", Short: "Define a network, or change its definition, from XML"}
	o := &operand{name: "file", about: "`FILE` with the network XML, - for standard input", complete: completeXMLFile}
	addOperands(cmd, o)
	a.runOnFile(cmd, o, func(ctx context.Context, d Daemon, xml string) error {
		name, err := d.DefineNetwork(ctx, xml)
		if err := begun(ctx, err); err != nil {
			return err
		}
		a.say("Network %s defined from %s", printable(name), printable(o.value))
		return nil
	})
	return cmd
}

// netWordCommand returns a command that prints one word of a network.
func (a *app) netWordCommand(use, short string, word func(client.Network) string) *cobra.Command {
	return a.netCommand(&cobra.Command{Use: use, Short: short}, func(_ context.Context, _ Daemon, n client.Network) error {
		fmt.Fprintln(a.out, printable(word(n)))
		return nil
	})
}
