package client

import (
	"context"
	"maps"
	"slices"

	"github.com/godbus/dbus/v5"
)

// Native is a definition that a configuration of another program was converted to.
type Native struct {
	XML      string
	Warnings []Lost
}

// Lost is what the definition does not say as the configuration does.
type Lost struct {
	File string
	Line uint32 // 0 if it is about the whole
	Text string
}

// NativeOptions goes with a configuration.
type NativeOptions struct {
	Name   string            // of the container, if the configuration does not say it
	File   string            // the configuration's name in warnings
	Files  map[string]string // the texts of the files that it names
	Unread map[string]string // why others have no text

	// The rest is for nspawn.
	Root      string  // the root directory or image
	Owner     *uint32 // of the root directory; nil if it is not known
	Init      string  // the program to boot
	Untrusted bool    // the settings are from a file beside the image
	DropIns   []Text  // of the container's unit, in the order in which systemd applies them
}

// Text is a text with its name.
type Text struct{ Name, Text string }

// ConvertNative converts a configuration of another program, and stores nothing.
func (c *Client) ConvertNative(ctx context.Context, format, text string, o NativeOptions) (n Native, err error) {
	options := noOptions()
	for key, value := range map[string]string{"name": o.Name, "file": o.File, "root": o.Root, "init": o.Init} {
		if value != "" {
			options[key] = dbus.MakeVariant(value)
		}
	}
	if o.Owner != nil {
		options["owner"] = dbus.MakeVariant(*o.Owner)
	}
	if o.Untrusted {
		options["untrusted"] = dbus.MakeVariant(true)
	}
	for key, value := range map[string]map[string]string{"files": o.Files, "unread": o.Unread} {
		if len(value) > 0 {
			list := make([]Text, 0, len(value))
			for _, name := range slices.Sorted(maps.Keys(value)) {
				list = append(list, Text{name, value[name]})
			}
			options[key] = dbus.MakeVariant(list)
		}
	}
	if len(o.DropIns) > 0 {
		options["dropins"] = dbus.MakeVariant(o.DropIns)
	}
	err = c.manager(ctx, "ConvertNative", []any{format, text, options}, &n.XML, &n.Warnings)
	return n, err
}
