package client

import (
	"context"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
)

// perMessage is how many descriptors go into one message: dbus-daemon's limit on the system bus
// (max_message_unix_fds), which nobody raises.
const perMessage = 16

// Passed is a descriptor for init, with its name in LISTEN_FDNAMES; none is "unknown".
type Passed struct {
	Name string
	File *os.File
}

// named is one element of a(sh).
type named struct {
	Name string
	FD   dbus.UnixFDIndex
}

// StartOptions are the options of a start. The files stay the caller's.
type StartOptions struct {
	Passed []Passed
	Unit   string // a service that systemd stops when the container has ended
	Adopt  bool   // if the container runs already, that run becomes the one of Unit
}

// startOptions are the options of a start.
func (c *Client) startOptions() map[string]dbus.Variant {
	options := noOptions()
	if c.owns {
		options["autodestroy"] = dbus.MakeVariant(true)
	}
	return options
}

// StartWith is Start with options.
func (c *Client) StartWith(ctx context.Context, p Path, o StartOptions) error {
	options, files, err := c.stage(ctx, o.Passed)
	if err != nil {
		return err
	}
	if o.Unit != "" {
		options["unit"] = dbus.MakeVariant(o.Unit)
	}
	if o.Adopt {
		options["adopt"] = dbus.MakeVariant(true)
	}
	reply, err := c.exchange(ctx, p, contract.ContainerInterface, "Start", []any{options}, files)
	bus.CloseFiles(reply.Files)
	return err
}

// CreateWith is Create with descriptors for init, which stay the caller's.
func (c *Client) CreateWith(ctx context.Context, xml string, list []Passed) (path Path, err error) {
	options, files, err := c.stage(ctx, list)
	if err != nil {
		return "", err
	}
	reply, err := c.exchange(ctx, rootPath, contract.ManagerInterface, "CreateXML", []any{xml, options}, files)
	if err != nil {
		return "", err
	}
	defer bus.CloseFiles(reply.Files)
	return path, store("CreateXML", dbus.MakeVariant(reply.Body[0]), &path)
}

// stage hands over those descriptors that do not fit into the message of the start, and returns the options and
// files of that.
func (c *Client) stage(ctx context.Context, list []Passed) (map[string]dbus.Variant, []*os.File, error) {
	options := c.startOptions()
	for len(list) > perMessage {
		fds, files, err := split(list[:perMessage])
		if err != nil {
			return nil, nil, err
		}
		reply, err := c.exchange(ctx, rootPath, contract.ManagerInterface, "StageFDs", []any{fds, noOptions()}, files)
		if err != nil {
			return nil, nil, err
		}
		bus.CloseFiles(reply.Files)
		options["staged"] = dbus.MakeVariant(true)
		list = list[perMessage:]
	}
	if len(list) == 0 {
		return options, nil, nil
	}
	fds, files, err := split(list)
	if err != nil {
		return nil, nil, err
	}
	options["fds"] = dbus.MakeVariant(fds)
	return options, files, nil
}

func split(list []Passed) (fds []named, files []*os.File, err error) {
	for i, p := range list {
		if err := checkText([]any{p.Name}); err != nil {
			return nil, nil, fmt.Errorf("the name of descriptor %d: %w", i+1, err)
		}
		fds = append(fds, named{Name: p.Name, FD: dbus.UnixFDIndex(i)})
		files = append(files, p.File)
	}
	return fds, files, nil
}
