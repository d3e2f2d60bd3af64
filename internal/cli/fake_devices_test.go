package cli

import (
	"context"
	"strings"

	"github.com/berthd/berth/internal/client"
)

func (f *fake) changeDevice(name string, p client.Path, what string, o client.TuneOptions) error {
	return f.call(name, strings.Join([]string{f.at(p).Name, tuning(o), strings.ReplaceAll(what, "\n", "")}, " "))
}

func (f *fake) AttachDevice(_ context.Context, p client.Path, xml string, o client.TuneOptions) error {
	return f.changeDevice("AttachDevice", p, xml, o)
}

func (f *fake) DetachDevice(_ context.Context, p client.Path, xml string, o client.TuneOptions) error {
	return f.changeDevice("DetachDevice", p, xml, o)
}

func (f *fake) DetachDeviceAlias(_ context.Context, p client.Path, alias string, o client.TuneOptions) error {
	return f.changeDevice("DetachDeviceAlias", p, alias, o)
}

func (f *fake) UpdateDevice(_ context.Context, p client.Path, xml string, o client.TuneOptions) error {
	return f.changeDevice("UpdateDevice", p, xml, o)
}

// ListDevices returns what web has; the stored definition lacks a disk.
func (f *fake) ListDevices(_ context.Context, p client.Path, o client.TuneOptions) ([]client.Device, error) {
	if err := f.call("ListDevices", tuning(o)); err != nil || f.at(p).Name != "web" {
		return nil, err
	}
	list := []client.Device{
		{Kind: "disk", Type: "block", Source: "/dev/vg/data", Target: "vda", Alias: "disk0"},
		{Kind: "disk", Type: "file", Source: "/srv/it's.img", Target: "vdb", Alias: "ua-b", ReadOnly: true},
		{Kind: "hostdev", Type: "misc", Source: "/dev/net/tun", Alias: "hostdev0"},
	}
	if o.Config {
		list[1].Alias = ""
		list = list[1:]
	}
	return list, nil
}
