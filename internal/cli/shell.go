package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shell carries out the commands that the user types, or those of a text.
type shell struct {
	app    *app
	flags  *pflag.FlagSet // the options of berthctl itself, for each command
	status int            // of the last command
	over   bool           // the user has left
}

// runShell carries out the commands of an argument, of standard input, or those that the user types.
func (a *app) runShell(cmd *cobra.Command, args []string) error {
	if err := a.checkURI(); err != nil {
		return err
	}
	s := &shell{app: a, flags: cmd.Root().PersistentFlags()}
	var err error
	switch {
	case a.shell != nil: // an option alone
		return nil
	case len(args) > 0:
		err = s.carryOut(cmd.Context(), args[0])
	case terminalOf(a.In) != nil && isTerminal(a.Out):
		err = s.interact(cmd.Context())
	default:
		err = s.readCommands(cmd.Context())
	}
	if err == nil && s.status != 0 {
		return statusError(s.status) // the error is printed
	}
	return err
}

// readCommands carries out the lines of standard input. A command may read what follows it.
func (s *shell) readCommands(ctx context.Context) error {
	type input struct {
		line string
		err  error
	}
	for !s.over {
		read := make(chan input, 1)
		go func() { // it ends with the process if nothing comes
			line, err := readLine(s.app.In)
			read <- input{line, err}
		}()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case in := <-read:
			if in.err != nil && (in.line == "" || !errors.Is(in.err, io.EOF)) {
				if errors.Is(in.err, io.EOF) {
					return nil
				}
				return in.err
			}
			s.tell(s.carryOut(ctx, in.line))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// tell prints an error of a line that is no command, and goes on.
func (s *shell) tell(err error) {
	if err != nil {
		s.status = s.app.finish(err)
	}
}

// carryOut carries out the commands of a text.
func (s *shell) carryOut(ctx context.Context, text string) error {
	commands, err := splitCommands(text)
	if err != nil {
		return err
	}
	for _, words := range commands {
		if s.over || ctx.Err() != nil {
			break
		}
		s.status = s.run(ctx, words)
	}
	return nil
}

// run carries out one command.
func (s *shell) run(ctx context.Context, words []string) int {
	a := &app{Config: s.app.Config, out: s.app.out, shell: s}
	err := s.tree(a, words).ExecuteContext(ctx)
	a.agent.stop() // polkit knows one agent of a process
	return a.finish(err)
}

// tree returns the commands for one line, with the options that berthctl was started with.
func (s *shell) tree(a *app, words []string) *cobra.Command {
	root := a.command(func(name string) bool { return slices.Contains(words, name) })
	completing(root, words)
	s.flags.VisitAll(func(f *pflag.Flag) {
		if f.Value.String() != f.DefValue {
			_ = root.PersistentFlags().Set(f.Name, f.Value.String()) // it was accepted before
		}
	})
	root.SetArgs(words)
	return root
}

// interruptible calls do with a context that an interrupt ends. The next command has another one.
func interruptible(ctx context.Context, do func(context.Context)) {
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt)
	defer stop()
	do(ctx)
}

// welcome says where the user is.
func (s *shell) welcome() {
	if !s.app.quiet {
		fmt.Fprint(s.app.out, "Welcome to berthctl, the interactive terminal of Berth.\n\nType:  'help' for help with commands\n       'quit' to quit\n\n")
	}
}

// prompt is virsh's: # for root, and > for others.
func (s *shell) prompt() string {
	if s.app.Root {
		return "berthctl # "
	}
	return "berthctl > "
}
