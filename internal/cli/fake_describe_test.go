package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/client"
)

func (f *fake) ValidateXML(_ context.Context, xml string) ([]client.Fault, error) {
	if err := f.call("ValidateXML", xml); err != nil || !f.faulty {
		return nil, err
	}
	return []client.Fault{{Kind: "invalid", Element: "domain/name", Line: 2, Text: "is empty"}, {Kind: "more", Text: "and 3 more"}}, nil
}

func (f *fake) WithoutEffect(_ context.Context, xml string, device bool) ([]client.Fault, error) {
	switch {
	case f.older:
		return nil, errors.New("ValidateXML has no option \"warnings\"")
	case device && strings.Contains(xml, "<boot"):
		return []client.Fault{{Kind: "warning", Element: "disk/boot", Line: 1, Text: "it is of virtual machines"}}, nil
	case strings.Contains(xml, "<pm"):
		return []client.Fault{{Kind: "warning", Element: "domain/pm", Line: 2, Text: "it is of virtual machines"}, {Kind: "warning", Element: "domain/devices/rng", Line: 3, Text: "it is of virtual machines"}}, nil
	}
	return nil, nil
}

func (f *fake) ConvertNative(_ context.Context, format, text string, o client.NativeOptions) (client.Native, error) {
	if err := f.call("ConvertNative", fmt.Sprintf("%s %q %v", format, text, o)); err != nil {
		return client.Native{}, err
	}
	return client.Native{XML: "<domain/>", Warnings: []client.Lost{{File: "config", Line: 3, Text: "lxc.group: is lost"}, {File: "config", Text: "no limit"}}}, nil
}

func (f *fake) Describe(_ context.Context, filter client.Filter, properties ...string) (map[client.Path]client.Info, error) {
	if err := f.call("Describe", strings.Join(slices.Concat(filter.Filters, properties), " ")); err != nil {
		return nil, err
	}
	all := map[client.Path]client.Info{}
	for _, i := range f.infos {
		if admits(filter, i) {
			all[pathOf(i)] = i
		}
	}
	return all, nil
}

func (f *fake) GetJobInfo(_ context.Context, p client.Path) (client.Job, error) {
	if f.at(p).Name == "web" {
		return client.Job{Kind: "relabel", ElapsedUSec: 2_345_678, Files: 12_000, Abortable: true}, f.call("GetJobInfo", "")
	}
	return client.Job{}, f.call("GetJobInfo", "")
}

// admits reports whether a filter lets a container through.
func admits(filter client.Filter, i client.Info) bool {
	switch {
	case filter.States != nil && !slices.Contains(filter.States, i.State):
	case filter.Persistent != nil && *filter.Persistent != i.Persistent:
	case slices.Contains(filter.Filters, "autostart") && !slices.Contains(filter.Filters, "no-autostart") && !i.Autostart:
	case slices.Contains(filter.Filters, "no-autostart") && !slices.Contains(filter.Filters, "autostart") && i.Autostart:
	case slices.Contains(filter.Filters, "snapshot") && !slices.Contains(filter.Filters, "no-snapshot"):
	default:
		return true
	}
	return false
}
