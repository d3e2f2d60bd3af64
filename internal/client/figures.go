package client

import (
	"context"
	"maps"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/figures"
)

// ContainerStats are the figures of one container, with its state at that moment. A figure that the host does not count
// is absent.
type ContainerStats struct {
	Name   string
	ID     uint32 // 0 when off
	UUID   string
	Path   Path
	State  string
	Reason string
	figures.Figures
}

// StatsFilter says whose figures AllStats gives, and which. The zero value is all of all.
type StatsFilter struct {
	Filter
	Groups     figures.Group    // 0: all, unless Figures names some
	Figures    []figures.Figure // besides those of Groups
	Containers []Path           // nil: all
}

// AllStats reads the figures of the containers that a filter lets through, by name.
func (c *Client) AllStats(ctx context.Context, f StatsFilter) ([]ContainerStats, error) {
	options := f.options()
	if f.Groups != 0 {
		options["groups"] = dbus.MakeVariant(groupNames(f.Groups))
	}
	if f.Figures != nil {
		names := make([]string, len(f.Figures))
		for i, one := range f.Figures {
			names[i] = one.String()
		}
		options["figures"] = dbus.MakeVariant(names)
	}
	if f.Containers != nil {
		options["containers"] = dbus.MakeVariant(f.Containers)
	}
	reply, err := c.ask(ctx, "GetAllStats", options)
	if err != nil {
		return nil, err
	}
	list := []ContainerStats{}
	reply.Array(func() {
		list = append(list, ContainerStats{
			Name: string(reply.Text()), ID: reply.Uint32(), UUID: string(reply.Text()), Path: Path(reply.Text()),
			State: string(reply.Text()), Reason: string(reply.Text()),
		})
		row := &list[len(list)-1].Figures
		reply.Array(func() {
			f, known := figures.Named(reply.Text())
			if value := reply.Uint64(); known {
				row.Put(f, value)
			}
		})
		reply.Array(func() { readDevices(reply, row) })
	})
	return list, nil
}

// readDevices reads the devices of one kind. A newer berthd has kinds that nobody here knows.
func readDevices(reply *bus.Values, row *figures.Figures) {
	kind := string(reply.Text())
	reply.Array(func() {
		name := string(reply.Text())
		block, network := figures.Device{Name: name}, figures.Interface{Name: name}
		reply.Array(func() {
			figure := string(reply.Text())
			value := reply.Uint64()
			block.Put(figure, value)
			network.Put(figure, value)
		})
		switch kind {
		case figures.BlockDevices:
			row.Block = append(row.Block, block)
		case figures.NetworkInterfaces:
			row.Interfaces = append(row.Interfaces, network)
		}
	})
}

// Stats reads the figures of a container; it returns an Error named contract.ErrorNotRunning if the container is off.
func (c *Client) Stats(ctx context.Context, p Path, groups figures.Group) (f figures.Figures, err error) {
	options := noOptions()
	if groups != 0 {
		options["groups"] = dbus.MakeVariant(groupNames(groups))
	}
	var reply map[string]dbus.Variant
	if err := c.call(ctx, p, contract.ContainerInterface, "GetStats", []any{options}, &reply); err != nil {
		return f, err
	}
	for name, v := range reply {
		to, known := figures.Named([]byte(name))
		if !known {
			continue
		}
		var value uint64
		if err := store(name, v, &value); err != nil {
			return f, err
		}
		f.Put(to, value)
	}
	f.Block, err = devices(reply, figures.BlockDevices, func(name string, values map[string]uint64) (d figures.Device) {
		d.Name = name
		for figure, value := range values {
			d.Put(figure, value)
		}
		return d
	})
	if err != nil {
		return f, err
	}
	f.Interfaces, err = devices(reply, figures.NetworkInterfaces, func(name string, values map[string]uint64) (i figures.Interface) {
		i.Name = name
		for figure, value := range values {
			i.Put(figure, value)
		}
		return i
	})
	return f, err
}

// groupNames returns the names of the groups in a set.
func groupNames(set figures.Group) []string {
	var names []string
	for _, name := range figures.GroupNames() {
		if g, _ := figures.GroupOf(name); set.Has(g) {
			names = append(names, name)
		}
	}
	return names
}

// devices returns the devices of a kind, by name.
func devices[D any](reply map[string]dbus.Variant, kind string, of func(name string, values map[string]uint64) D) (list []D, err error) {
	v, ok := reply[kind]
	if !ok {
		return nil, nil
	}
	var byName map[string]map[string]uint64
	if err := store(kind, v, &byName); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, of(name, byName[name]))
	}
	return list, nil
}
