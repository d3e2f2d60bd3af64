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

// ErrNotText says that D-Bus cannot carry an argument.
var ErrNotText = errors.New("not UTF-8 text without zero bytes")

// call makes one method call and stores the reply's values into results. A call that only reads asks the next berthd if
// one ends before it has answered.
func (c *Client) call(ctx context.Context, path Path, iface, member string, args []any, results ...any) error {
	var reply bus.Reply
	err := error(nil)
	ask := func() error {
		reply, err = c.exchange(ctx, path, iface, member, args, nil)
		return err
	}
	if reads(member) {
		err = again(ask)
	} else {
		err = ask()
	}
	if err != nil {
		return err
	}
	bus.CloseFiles(reply.Files)
	if err := dbus.Store(reply.Body, results...); err != nil {
		return fmt.Errorf("reply of %s: %w", member, err)
	}
	return nil
}

// reads reports whether a method changes nothing, by the first word of its name.
func reads(member string) bool {
	for _, word := range []string{"Get", "List", "Read"} {
		if strings.HasPrefix(member, word) {
			return true
		}
	}
	return false
}

// exchange makes one method call with files, which the arguments name by their place, and gives the reply, whose
// files are the caller's.
func (c *Client) exchange(ctx context.Context, path Path, iface, member string, args []any, files []*os.File) (bus.Reply, error) {
	if err := checkText(args); err != nil {
		return bus.Reply{}, err
	}
	var reply bus.Reply
	err := c.authorized(ctx, message(path, iface, member, args), func(msg *dbus.Message) (err error) {
		reply, err = c.conn.Exchange(ctx, msg, files...)
		return err
	})
	return reply, err
}

// authorized sends a message. It sends the message once more if polkit wants to ask the user first.
func (c *Client) authorized(ctx context.Context, msg *dbus.Message, send func(*dbus.Message) error) error {
	for {
		asks := c.asking.allowed()
		msg.Flags = 0
		if asks {
			// Object.Call would drop this flag, and then polkit never asks anybody.
			msg.Flags = dbus.FlagAllowInteractiveAuthorization
		}
		err := send(msg)
		if err == nil {
			return nil
		}
		err = callError(ctx, err)
		if !c.asking.prepared(ctx, err, asks) {
			return err
		}
	}
}

// ask makes one method call of the manager that only reads, and whose reply the caller reads himself.
func (c *Client) ask(ctx context.Context, member string, args ...any) (values *bus.Values, err error) {
	err = again(func() error {
		return c.authorized(ctx, message(rootPath, contract.ManagerInterface, member, args), func(msg *dbus.Message) (err error) {
			values, err = c.conn.Ask(ctx, msg)
			return err
		})
	})
	return values, err
}

func message(path Path, iface, member string, args []any) *dbus.Message {
	return &dbus.Message{
		Type: dbus.TypeMethodCall,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
			dbus.FieldPath:        dbus.MakeVariant(path),
			dbus.FieldInterface:   dbus.MakeVariant(iface),
			dbus.FieldMember:      dbus.MakeVariant(member),
		},
		Body: args,
	}
}

// open makes a call of a container's method that returns one file, which is the caller's.
func (c *Client) open(ctx context.Context, p Path, member string, args ...any) (*os.File, error) {
	reply, err := c.exchange(ctx, p, contract.ContainerInterface, member, args, nil)
	if err != nil {
		return nil, err
	}
	if len(reply.Files) != 1 {
		bus.CloseFiles(reply.Files)
		return nil, fmt.Errorf("reply of %s: it has %d descriptors, not one", member, len(reply.Files))
	}
	return reply.Files[0], nil
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

// filesOf returns the files of a reply by the names that one of its values gives them. err is that of reading the
// reply. It closes the files if there is an error.
func filesOf(reply bus.Reply, member string, err error, named map[string]dbus.Variant) (map[string]*os.File, error) {
	files := map[string]*os.File{}
	for name, v := range named {
		n, ok := v.Value().(dbus.UnixFDIndex)
		if !ok || int(n) >= len(reply.Files) {
			err = errors.Join(err, errors.New("it names a descriptor that did not come with it"))
			continue
		}
		files[name] = reply.Files[n]
	}
	if err != nil {
		bus.CloseFiles(reply.Files)
		return nil, fmt.Errorf("reply of %s: %w", member, err)
	}
	return files, nil
}

// noOptions is the trailing argument of methods that may grow.
func noOptions() map[string]dbus.Variant { return map[string]dbus.Variant{} }
