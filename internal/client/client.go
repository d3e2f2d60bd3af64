package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
)

const (
	rootPath      = Path(contract.RootPath)
	propertyIface = "org.freedesktop.DBus.Properties"
)

// Path names one container's object.
type Path = dbus.ObjectPath

// Errors of the transport, before and after a connection stands.
var (
	ErrConnect = errors.New("connect to the system bus")
	ErrLost    = errors.New("connection to the system bus lost")
	ErrNotText = errors.New("not UTF-8 text without zero bytes")
)

// Client is a connection to berthd, which the bus starts when the first call needs it.
type Client struct {
	conn *bus.Conn
	stop func() bool // keeps the end of Connect's ctx from closing
	owns bool        // what it starts ends with the connection
}

// Connect connects to the system bus, or to the one that DBUS_SYSTEM_BUS_ADDRESS names. The
// connection lives until Close or the end of ctx.
func Connect(ctx context.Context) (*Client, error) {
	conn, err := bus.Connect(ctx, bus.Options{Replies: []map[string]string{Replies()}, MaxReply: maxReply, Descriptors: true})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	return &Client{conn: conn, stop: context.AfterFunc(ctx, func() { _ = conn.Close() })}, nil
}

// Close ends the connection; what berthd has begun goes on.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}

// call makes one method call and stores the reply's values into results.
func (c *Client) call(ctx context.Context, path Path, iface, member string, args []any, results ...any) error {
	reply, err := c.exchange(ctx, path, iface, member, args, nil)
	if err != nil {
		return err
	}
	bus.CloseFiles(reply.Files)
	if err := dbus.Store(reply.Body, results...); err != nil {
		return fmt.Errorf("reply of %s: %w", member, err)
	}
	return nil
}

// exchange makes one method call with files, which the arguments name by their place, and gives the reply, whose
// files are the caller's.
func (c *Client) exchange(ctx context.Context, path Path, iface, member string, args []any, files []*os.File) (bus.Reply, error) {
	if err := checkText(args); err != nil {
		return bus.Reply{}, err
	}
	reply, err := c.conn.Exchange(ctx, &dbus.Message{
		Type: dbus.TypeMethodCall,
		// Object.Call would drop this flag, and then polkit never asks anybody.
		Flags: dbus.FlagAllowInteractiveAuthorization,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
			dbus.FieldPath:        dbus.MakeVariant(path),
			dbus.FieldInterface:   dbus.MakeVariant(iface),
			dbus.FieldMember:      dbus.MakeVariant(member),
		},
		Body: args,
	}, files...)
	if err != nil {
		return bus.Reply{}, callError(ctx, err)
	}
	return reply, nil
}

// checkText refuses what no D-Bus string can hold; the library would panic.
func checkText(args []any) error {
	for _, arg := range args {
		texts, _ := arg.([]string)
		if s, ok := arg.(string); ok {
			texts = []string{s}
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				return ErrNotText
			}
		}
	}
	return nil
}

// AutoDestroy makes every container that the client starts from now on end with this connection to the bus.
func (c *Client) AutoDestroy() { c.owns = true }

// startOptions are the options of a start.
func (c *Client) startOptions() map[string]dbus.Variant {
	options := noOptions()
	if c.owns {
		options["autodestroy"] = dbus.MakeVariant(true)
	}
	return options
}

// noOptions is the trailing argument of methods that may grow.
func noOptions() map[string]dbus.Variant { return map[string]dbus.Variant{} }
