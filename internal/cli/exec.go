package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// statusError is the exit status of a command in a container. It is no message.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// The exit statuses of shells for a command that was not executed, and for one that a signal ended.
const (
	statusCannot = 126
	statusSignal = 128
)

// execOptions are the options of a command in a container.
type execOptions struct {
	user, group, dir string
	env              []string
	argv             []string
	noLabel          bool
}

func (a *app) execCommands() []*cobra.Command {
	var o execOptions
	exec := a.inDomain(&cobra.Command{Use: "exec", Short: "Execute a command in a running container"}, &o)
	exec.Flags().StringVar(&o.user, "user", "", "the command's `USER`: a name or number in the container")
	exec.Flags().StringVar(&o.group, "group", "", "the command's `GROUP`: a name or number in the container")
	exec.Flags().StringVar(&o.dir, "directory", "", "the command's working `DIRECTORY`")
	exec.Flags().StringArrayVar(&o.env, "env", nil, "a `NAME=VALUE` in the command's environment; may be given several times")
	var inside execOptions
	enter := a.inDomain(&cobra.Command{Use: "lxc-enter-namespace", Short: "Execute a command in a running container, as virsh does"}, &inside)
	enter.Flags().BoolVar(&inside.noLabel, "noseclabel", false, "do not change to the container's security label")
	return []*cobra.Command{exec, enter}
}

// inDomain completes a command that executes another one in a container: DOMAIN [--] COMMAND [ARGUMENT...].
func (a *app) inDomain(cmd *cobra.Command, o *execOptions) *cobra.Command {
	var domain string
	a.domainCommand(cmd, nameUUIDOrID, fitting{States: []string{"running"}}, nil)
	cmd.Use = cmd.Name() + " DOMAIN [--] COMMAND [ARGUMENT...]"
	cmd.Flags().SetInterspersed(false)
	cmd.Args = func(cmd *cobra.Command, args []string) (err error) {
		domain, o.argv, err = commandLine(cmd, args)
		return err
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.exec(cmd.Context(), domain, o) }
	return cmd
}

// commandLine tells the container and the command among the words after berthctl's first options. More of those may
// follow the container's name, as in virsh. All that follows the command's name is the command's.
func commandLine(cmd *cobra.Command, args []string) (domain string, argv []string, err error) {
	flags := cmd.Flags()
	if !flags.Changed("domain") {
		if len(args) == 0 || cmd.ArgsLenAtDash() == 0 {
			return "", nil, fmt.Errorf("command '%s' requires <domain> option", cmd.Name())
		}
		domain = args[0]
		if err := flags.Parse(args[1:]); err != nil {
			return "", nil, flagError(cmd, err)
		}
		if help, err := flags.GetBool("help"); err == nil && help {
			return "", nil, pflag.ErrHelp
		}
		if flags.Changed("domain") {
			return "", nil, unexpected(domain)
		}
		args = flags.Args()
	} else {
		domain = flags.Lookup("domain").Value.String()
	}
	if len(args) == 0 {
		return "", nil, fmt.Errorf("command '%s' requires a command to execute", cmd.Name())
	}
	return domain, args, nil
}

// exec executes a command, and passes on its input, output, signals and exit status.
func (a *app) exec(ctx context.Context, domain string, o *execOptions) error {
	for _, v := range o.env {
		if strings.IndexByte(v, '=') < 1 {
			return fmt.Errorf("--env: %q is not NAME=VALUE", v)
		}
	}
	// The signals that end other commands are this command's: they must not end its connection.
	stay := context.WithoutCancel(ctx)
	d, err := a.connect(stay)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	t, err := find(ctx, d, domain, nameUUIDOrID)
	if err != nil {
		return err
	}
	s := newRunning(a, o)
	defer s.close()
	x, err := d.Exec(ctx, t.path, s.command)
	if err != nil {
		return notExecuted(gone(err, domain))
	}
	exit, err := s.run(stay, d, x)
	if err != nil {
		return err
	}
	return statusOf(exit)
}

// notExecuted gives the error of a command that was not executed the exit status that a shell would have.
func notExecuted(err error) error {
	if reply, ok := errors.AsType[*client.Error](err); ok && reply.Name == contract.ErrorCommandFailed {
		status, ok := reply.Details["status"].(uint32)
		if !ok {
			status = statusCannot
		}
		return errors.Join(reply, statusError(status))
	}
	return err
}

// statusOf returns the exit status of a command as an error, nil for 0.
func statusOf(e client.Exit) error {
	switch {
	case e.Kind == "":
		return errors.New("nobody knows how the command ended: its supervisor was killed")
	case e.Kind != "exited":
		return statusError(statusSignal + int(e.Code))
	case e.Code != 0:
		return statusError(e.Code)
	}
	return nil
}
