package client

import (
	"cmp"
	"context"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/figures"
)

// ContainerStats are the figures of one container, with its state at that moment. A figure that the host does not count is absent.
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
	Groups     figures.Group // 0: all
	Containers []Path        // nil: all
}

// AllStats reads the figures of the containers that a filter lets through, by name.
func (c *Client) AllStats(ctx context.Context, f StatsFilter) ([]ContainerStats, error) {
	options := f.options()
	if f.Groups != 0 {
		options["groups"] = dbus.MakeVariant(groupNames(f.Groups))
	}
	if f.Containers != nil {
		options["containers"] = dbus.MakeVariant(f.Containers)
	}
	var rows []struct {
		Name          string
		ID            uint32
		UUID          string
		Path          Path
		State, Reason string
		Figures       map[string]uint64
		Devices       map[string]map[string]map[string]uint64
	}
	if err := c.manager(ctx, "GetAllStats", []any{options}, &rows); err != nil {
		return nil, err
	}
	list := make([]ContainerStats, len(rows))
	for i, row := range rows {
		list[i] = ContainerStats{Name: row.Name, ID: row.ID, UUID: row.UUID, Path: row.Path, State: row.State, Reason: row.Reason}
		for name, value := range row.Figures {
			if f, known := figures.Named([]byte(name)); known {
				list[i].Put(f, value)
			}
		}
		list[i].Block = devices(row.Devices[figures.BlockDevices])
	}
	return list, nil
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
	if v, ok := reply[figures.BlockDevices]; ok {
		var block map[string]map[string]uint64
		if err := store(figures.BlockDevices, v, &block); err != nil {
			return f, err
		}
		f.Block = devices(block)
	}
	return f, nil
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

// devices sorts devices by name.
func devices(byName map[string]map[string]uint64) []figures.Device {
	var list []figures.Device
	for name, values := range byName {
		d := figures.Device{Name: name}
		for figure, value := range values {
			d.Put(figure, value)
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b figures.Device) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
