package client

import (
	"context"
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// ConsoleOptions say how a console is used.
type ConsoleOptions struct {
	Force, Safe   bool
	From          uint64 // how many bytes of the output are known already
	Rows, Columns uint16 // of the window; 0 if there is none
}

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
	return c.open(ctx, p, "OpenConsole", device, options)
}

// ResizeConsole sets the size of a console's window.
func (c *Client) ResizeConsole(ctx context.Context, p Path, device string, rows, columns uint16) error {
	return c.call(ctx, p, contract.ContainerInterface, "ResizeConsole", []any{device, rows, columns, noOptions()})
}
