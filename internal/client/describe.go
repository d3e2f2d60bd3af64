package client

import (
	"context"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Fault is a mistake in a definition. Kind is invalid, unsupported, or more, for those that there is no room for. It is
// warning for what has no effect.
type Fault struct {
	Kind    string
	Element string
	Line    uint32 // 0 if it is not known
	Text    string
}

// ValidateXML checks a definition, and stores nothing. It returns its mistakes.
func (c *Client) ValidateXML(ctx context.Context, xml string) (list []Fault, err error) {
	err = c.manager(ctx, "ValidateXML", []any{xml, noOptions()}, &list)
	return list, err
}

// WithoutEffect returns what of a definition, or of the only device of a text, is kept and has no effect in a
// container.
func (c *Client) WithoutEffect(ctx context.Context, xml string, device bool) (list []Fault, err error) {
	var all []Fault
	options := map[string]dbus.Variant{"warnings": dbus.MakeVariant(true), "device": dbus.MakeVariant(device)}
	if err := c.manager(ctx, "ValidateXML", []any{xml, options}, &all); err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.Kind == "warning" {
			list = append(list, f)
		}
	}
	return list, nil
}

// Describe reads properties of the containers that a filter lets through. Only the fields of these are set.
func (c *Client) Describe(ctx context.Context, f Filter, properties ...string) (map[Path]Info, error) {
	var reply map[Path]map[string]dbus.Variant
	if err := c.manager(ctx, "DescribeContainers", []any{slices.Concat([]string{}, properties), f.options()}, &reply); err != nil {
		return nil, err
	}
	all := make(map[Path]Info, len(reply))
	for path, values := range reply {
		var i Info
		fields := i.fields()
		for name, v := range values {
			if field, known := fields[name]; known { // a newer berthd has more
				if err := store(name, v, field); err != nil {
					return nil, err
				}
			}
		}
		all[path] = i
	}
	return all, nil
}

// Job is a long job on a container; its Kind is empty if none goes on.
type Job struct {
	Kind        string // relabel, restore or unshift
	ElapsedUSec uint64
	Files       uint64
	Abortable   bool
}

// GetJobInfo describes the job on a container.
func (c *Client) GetJobInfo(ctx context.Context, p Path) (Job, error) {
	var reply map[string]dbus.Variant
	var j Job
	if err := c.call(ctx, p, contract.ContainerInterface, "GetJobInfo", []any{noOptions()}, &reply); err != nil {
		return j, err
	}
	for name, field := range map[string]any{"kind": &j.Kind, "elapsed-usec": &j.ElapsedUSec, "files": &j.Files, "abortable": &j.Abortable} {
		if v, there := reply[name]; there {
			if err := store(name, v, field); err != nil {
				return j, err
			}
		}
	}
	return j, nil
}
