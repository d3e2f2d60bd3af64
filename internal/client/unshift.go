package client

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// UnshiftOptions say by what a tree is shifted on disk.
type UnshiftOptions struct {
	From   uint32 // the first id of the host; 0: the container's own, or the owner of the directory
	DryRun bool   // count only
}

// Unshifted is what was found in a tree.
type Unshifted struct {
	Path           string
	Files          uint64
	Changed        uint64 // that have plain owners now
	Left           uint64 // that belong to other ids
	Example        string // one of those
	Dropped        uint64 // that had several names, and so lost setuid and setgid bits and capabilities
	DroppedExample string // one of those
	From           uint32
}

// Unshift takes the root of a container back to plain owners. It asks the next berthd when one ends meanwhile.
func (c *Client) Unshift(ctx context.Context, p Path, o UnshiftOptions) (u Unshifted, err error) {
	var reply map[string]dbus.Variant
	err = again(func() error {
		return c.call(ctx, p, contract.ContainerInterface, "Unshift", []any{o.options()}, &reply)
	})
	if err != nil {
		return u, err
	}
	return u, u.read(reply)
}

// UnshiftPath takes a directory of the host back to plain owners. It ends with ctx.
func (c *Client) UnshiftPath(ctx context.Context, path string, o UnshiftOptions) (u Unshifted, err error) {
	var reply map[string]dbus.Variant
	err = again(func() error {
		return c.manager(ctx, "UnshiftPath", []any{path, o.options()}, &reply)
	})
	if err != nil {
		return u, err
	}
	return u, u.read(reply)
}

func (o UnshiftOptions) options() map[string]dbus.Variant {
	options := noOptions()
	if o.From != 0 {
		options["from"] = dbus.MakeVariant(o.From)
	}
	if o.DryRun {
		options["dry-run"] = dbus.MakeVariant(true)
	}
	return options
}

func (u *Unshifted) read(reply map[string]dbus.Variant) error {
	fields := map[string]any{
		"path": &u.Path, "files": &u.Files, "changed": &u.Changed, "left": &u.Left, "example": &u.Example, "from": &u.From,
		"dropped": &u.Dropped, "dropped-example": &u.DroppedExample,
	}
	for name, field := range fields {
		if v, there := reply[name]; there {
			if err := store(name, v, field); err != nil {
				return err
			}
		}
	}
	return nil
}
