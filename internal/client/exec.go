package client

import (
	"context"
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Command is what Exec executes. Empty fields are berthd's choice.
type Command struct {
	Argv          []string
	Env           []string // added to init's environment
	Dir           string
	User, Group   string
	Terminal      bool
	Rows, Columns uint32
	NoLabel       bool       // it does not get the container's security label
	Stdio         []*os.File // none, or three; they stay the caller's
}

// Execution is a command that was executed.
type Execution struct {
	Process Path
	// Ends are the other ends of its terminal ("terminal"), or of its pipes ("stdin", "stdout", "stderr"). The
	// caller closes them.
	Ends map[string]*os.File
}

// Exec executes a command, and returns when it is executed.
func (c *Client) Exec(ctx context.Context, p Path, command Command) (Execution, error) {
	for _, s := range append(append([]string(nil), command.Argv...), command.Env...) {
		if err := checkText([]any{s}); err != nil {
			return Execution{}, err
		}
	}
	reply, err := c.exchange(ctx, p, contract.ContainerInterface, "Exec", []any{append([]string{}, command.Argv...), command.options()}, command.Stdio)
	if err != nil {
		return Execution{}, err
	}
	x := Execution{}
	var ends map[string]dbus.Variant
	err = dbus.Store(reply.Body, &x.Process, &ends)
	x.Ends, err = filesOf(reply, "Exec", err, ends)
	return x, err
}

func (c Command) options() map[string]dbus.Variant {
	options := noOptions()
	for key, s := range map[string]string{"directory": c.Dir, "user": c.User, "group": c.Group} {
		if s != "" {
			options[key] = dbus.MakeVariant(s)
		}
	}
	if len(c.Env) > 0 {
		options["env"] = dbus.MakeVariant(c.Env)
	}
	if c.Terminal {
		options["terminal"], options["rows"], options["columns"] = dbus.MakeVariant(true), dbus.MakeVariant(c.Rows), dbus.MakeVariant(c.Columns)
	}
	if c.NoLabel {
		options["no-label"] = dbus.MakeVariant(true)
	}
	if len(c.Stdio) > 0 {
		options["stdio"] = dbus.MakeVariant([]dbus.UnixFDIndex{0, 1, 2})
	}
	return options
}

// SendProcessSignal sends a signal to a process by its pid in the container.
func (c *Client) SendProcessSignal(ctx context.Context, p Path, pid int64, signal uint32) error {
	return c.call(ctx, p, contract.ContainerInterface, "SendProcessSignal", []any{pid, signal, noOptions()})
}

// Kill sends a command a signal.
func (c *Client) Kill(ctx context.Context, process Path, signal int32) error {
	return c.call(ctx, process, contract.ProcessInterface, "Kill", []any{signal, noOptions()})
}

// Resize sets the size of a command's terminal.
func (c *Client) Resize(ctx context.Context, process Path, rows, columns uint32) error {
	return c.call(ctx, process, contract.ProcessInterface, "Resize", []any{rows, columns, noOptions()})
}
