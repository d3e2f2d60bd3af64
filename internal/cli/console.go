package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

func (a *app) consoleCommand() *cobra.Command {
	var device string
	var o client.ConsoleOptions
	cmd := &cobra.Command{Use: "console", Short: "Connect to a console of a running container; ^] leaves it"}
	cmd.Flags().StringVar(&device, "devname", "", "`console` to connect to, such as console1; by default the first one")
	cmd.Flags().BoolVar(&o.Force, "force", false, "take the input from the client that has it")
	cmd.Flags().BoolVar(&o.Safe, "safe", false, "do not connect if another client has the input")
	cmd = a.domainCommand(cmd, nameUUIDOrID, fitting{States: []string{"running", "paused", "stopping"}}, func(ctx context.Context, d Daemon, t target) error {
		if err := exclusive(cmd, "force", "safe"); err != nil {
			return err
		}
		return a.console(ctx, d, t, device, o)
	})
	_ = cmd.RegisterFlagCompletionFunc("devname", a.completeOf(consolesOf))
	return cmd
}

// consolesOf returns the names of a container's consoles.
func consolesOf(ctx context.Context, d Daemon, p client.Path) []string {
	info, _ := d.Info(ctx, p)
	return info.Consoles
}

// startFlags are the flags of the commands that start a container.
type startFlags struct{ console, autodestroy bool }

func (f *startFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.console, "console", false, "connect to the first console after the start")
	cmd.Flags().BoolVar(&f.autodestroy, "autodestroy", false, "destroy the container when berthctl ends")
}

// started connects the user with the first console of a container that was started, if the user wants that. If the
// container has ended already, it prints the kept output, which a transient one does not leave.
func (a *app) started(ctx context.Context, d Daemon, t target) error {
	if !a.start.console {
		return nil
	}
	err := a.console(ctx, d, t, "", client.ConsoleOptions{})
	switch client.NameOf(err) {
	case contract.ErrorNotRunning:
		output, err := d.Console(ctx, t.path, "")
		if err == nil {
			_, err = a.out.Write(output)
		}
		return err
	case contract.ErrorUnknownObject:
		return errEndedBefore
	}
	return err
}

var errEndedBefore = errors.New("the container has ended before its console was opened")

// console connects the user with a console until the user or the container ends it.
func (a *app) console(ctx context.Context, d Daemon, t target, device string, options client.ConsoleOptions) error {
	escape, err := parseEscape(a.escape)
	if err != nil {
		return err
	}
	// The terminal must be put back whatever ends the process.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	s := &session{app: a, options: options, tty: terminalOf(a.In), escape: escape}
	if s.tty != nil {
		s.options.Rows, s.options.Columns = s.tty.size()
	}
	o := &opener{app: a, daemon: d, path: t.path, device: device}
	defer o.close()
	f, err := o.open(ctx, s.options)
	if err != nil {
		return err
	}
	if s.tty != nil && !a.quiet {
		fmt.Fprintf(a.out, "Connected to domain '%s'\nEscape character is %s\n", printable(nameAt(ctx, d, t.path)), escapeText(escape))
	}
	if err := a.out.Flush(); err != nil {
		_ = f.Close()
		return fmt.Errorf("write the output: %w", err)
	}
	return s.run(ctx, f, func(ctx context.Context, options client.ConsoleOptions) (*os.File, error) {
		f, err := o.open(ctx, options)
		if errors.Is(err, errEnded) {
			s.note("the container has ended; the end of its output may be missing")
		}
		return f, err
	})
}
