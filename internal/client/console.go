package client

import (
	"context"
	"errors"
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
)

// ConsoleOptions say how a console is used.
type ConsoleOptions struct {
	Force, Safe   bool
	From          uint64 // how many bytes of the output are known already
	Rows, Columns uint16 // of the window; 0 if there is none
}

var errNoDescriptor = errors.New("the reply has no descriptor")

// OpenConsole connects to a console; "" is the first one. The connection has the packets of internal/console, and
// does not need berthd any more.
func (c *Client) OpenConsole(ctx context.Context, p Path, device string, o ConsoleOptions) (*os.File, error) {
	options := map[string]dbus.Variant{"framed": dbus.MakeVariant(true)}
	for key, on := range map[string]bool{"force": o.Force, "safe": o.Safe} {
		if on {
			options[key] = dbus.MakeVariant(true)
		}
	}
	if o.From > 0 {
		options["from"] = dbus.MakeVariant(o.From)
	}
	if o.Rows > 0 && o.Columns > 0 {
		options["rows"], options["columns"] = dbus.MakeVariant(o.Rows), dbus.MakeVariant(o.Columns)
	}
	reply, err := c.exchange(ctx, p, contract.ContainerInterface, "OpenConsole", []any{device, options}, nil)
	if err != nil {
		return nil, err
	}
	if len(reply.Files) != 1 {
		bus.CloseFiles(reply.Files)
		return nil, errNoDescriptor
	}
	return reply.Files[0], nil
}

// ResizeConsole sets the size of a console's window.
func (c *Client) ResizeConsole(ctx context.Context, p Path, device string, rows, columns uint16) error {
	return c.call(ctx, p, contract.ContainerInterface, "ResizeConsole", []any{device, rows, columns, noOptions()})
}
