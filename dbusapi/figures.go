package dbusapi

import (
	"context"
	"maps"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/service"
)

// allStatsSignature is that of GetAllStats' reply.
const allStatsSignature = "a(susossa{st}a{sa{sa{st}}})"

func getStatsMethod() *method {
	return &method{
		name: "GetStats", in: "a{sv}", out: "a{sv}", action: contract.ActionMonitor, doing: "read the statistics of domain",
		options: map[string]string{"groups": "as", "figures": "as"}, run: getStats,
	}
}

func getAllStatsMethod() *method {
	return &method{
		name: "GetAllStats", in: "a{sv}", out: allStatsSignature, action: contract.ActionMonitor, open: listsVisible, doing: "read the statistics of domains",
		options: map[string]string{"groups": "as", "figures": "as", "state": "as", "persistent": "b", "filters": "as", "containers": "ao"}, run: getAllStats,
	}
}

// wantedBy returns the figures that a call asks for by their groups and names, all if it names none.
func wantedBy(c *call) (want figures.Wanted, err error) {
	if !c.given("groups") && !c.given("figures") {
		return figures.Of(figures.All), nil
	}
	var groups figures.Group
	for _, name := range option[[]string](c, "groups") {
		g, ok := figures.GroupOf(name)
		if !ok {
			return want, stdError(contract.ErrorInvalidArgs, "there is no group of figures %q; there are %s", name, strings.Join(figures.GroupNames(), ", "))
		}
		groups |= g
	}
	want = figures.Of(groups)
	for _, name := range option[[]string](c, "figures") {
		f, ok := figures.Named([]byte(name))
		if !ok {
			return want, stdError(contract.ErrorInvalidArgs, "there is no figure %q; org.berth1(5) has their names", name)
		}
		want = want.And(f)
	}
	return want, nil
}

func getStats(_ context.Context, s *Server, c *call) ([]any, error) {
	want, err := wantedBy(c)
	if err != nil {
		return nil, err
	}
	stats, err := s.core.Stats(c.uuid, want)
	if err != nil {
		return nil, err
	}
	out := map[string]dbus.Variant{}
	for f, value := range stats.All() {
		out[f.String()] = dbus.MakeVariant(value)
	}
	if want.Whole(figures.State) {
		out["state"] = dbus.MakeVariant(string(stats.State))
		out["reason"] = dbus.MakeVariant(string(stats.Reason))
	}
	if want.Whole(figures.IO) {
		out[figures.BlockDevices] = dbus.MakeVariant(blockDevices(stats.Block))
	}
	if want.Whole(figures.Net) {
		out[figures.NetworkInterfaces] = dbus.MakeVariant(interfaceDevices(stats.Figures.Interfaces))
	}
	return []any{out}, nil
}

func interfaceDevices(list []figures.Interface) map[string]map[string]uint64 {
	out := make(map[string]map[string]uint64, len(list))
	for i := range list {
		out[list[i].Name] = maps.Collect(list[i].Named())
	}
	return out
}

func blockDevices(list []figures.Device) map[string]map[string]uint64 {
	out := make(map[string]map[string]uint64, len(list))
	for i := range list {
		out[list[i].Name] = maps.Collect(list[i].Named())
	}
	return out
}

func getAllStats(_ context.Context, s *Server, c *call) ([]any, error) {
	want, err := wantedBy(c)
	if err != nil {
		return nil, err
	}
	filter, err := filterOf(c)
	if err != nil {
		return nil, err
	}
	named := map[dbus.ObjectPath]bool{}
	for _, path := range option[[]dbus.ObjectPath](c, "containers") {
		named[path] = true
	}
	seen := c.listed()
	list, err := s.core.AllStats(want, func(snap *service.Snapshot) bool {
		return seen(snap) && filter(snap) && (!c.given("containers") || named[ContainerPath(snap.UUID)])
	})
	if err != nil {
		return nil, err
	}
	return []any{marshalStats(list)}, nil
}

// marshalStats encodes GetAllStats' reply.
func marshalStats(list []service.Stats) marshalled {
	const each = 2 << 10 // bytes, somewhat more than a container with one device needs
	m := marshaller{b: make([]byte, 0, each*(len(list)+1))}
	m.array(func() {
		for i := range list {
			x := &list[i]
			m.entry(x.Name)
			m.uint32(x.ID)
			m.text(x.UUID.String())
			m.text(string(ContainerPath(x.UUID)))
			m.text(string(x.State))
			m.text(string(x.Reason))
			m.figures(&x.Set)
			m.devices(&x.Figures)
		}
	})
	return marshalled{allStatsSignature, m.b}
}
