package dbusapi

import (
	"context"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// listOptions are the options that choose containers.
func listOptions() map[string]string {
	return map[string]string{"state": "as", "persistent": "b", "filters": "as"}
}

func listMethods() []*method {
	return []*method{
		{
			name: "ListContainers", in: "a{sv}", out: listSignature, action: contract.ActionRead, open: listsVisible, doing: "list domains",
			options: listOptions(), run: listContainers,
		},
		{
			name: "DescribeContainers", in: "asa{sv}", out: "a{oa{sv}}", action: contract.ActionRead, open: listsVisible, doing: "describe domains",
			options: listOptions(), run: describeContainers,
		},
	}
}

// listSignature is that of ListContainers' reply.
const listSignature = "a(susso)"

func listContainers(_ context.Context, s *Server, c *call) ([]any, error) {
	wanted, err := filterOf(c)
	if err != nil {
		return nil, err
	}
	const each = 192 // bytes, somewhat more than a container needs
	list := s.list(c)
	m := marshaller{b: make([]byte, 0, each*(len(list)+1))}
	m.array(func() {
		for i := range list {
			if snap := &list[i]; wanted(snap) {
				m.entry(snap.Name)
				m.uint32(snap.ID)
				m.text(snap.UUID.String())
				m.text(string(snap.State))
				m.text(string(ContainerPath(snap.UUID)))
			}
		}
	})
	return []any{marshalled{listSignature, m.b}}, nil
}

func describeContainers(_ context.Context, s *Server, c *call) ([]any, error) {
	wanted, err := filterOf(c)
	if err != nil {
		return nil, err
	}
	props := containerProperties()
	if names := c.args[0].([]string); len(names) > 0 {
		for _, name := range names {
			if !slices.ContainsFunc(props, func(p property) bool { return p.name == name }) {
				return nil, stdError(contract.ErrorInvalidArgs, "a container has no property %q", name)
			}
		}
		props = slices.DeleteFunc(props, func(p property) bool { return !slices.Contains(names, p.name) })
	}
	out := map[dbus.ObjectPath]map[string]dbus.Variant{}
	for _, snap := range s.list(c) {
		if wanted(&snap) {
			out[ContainerPath(snap.UUID)] = values(props, view{snap: &snap})
		}
	}
	return []any{out}, nil
}

// filterOf returns which containers the options state, persistent and filters let through.
func filterOf(c *call) (func(*service.Snapshot) bool, error) {
	byState, states := c.given("state"), option[[]string](c, "state")
	byPersistence, persistent := c.given("persistent"), option[bool](c, "persistent")
	var filter service.ListFilter
	for _, name := range option[[]string](c, "filters") {
		f, known := service.FilterNamed(name)
		if !known {
			return nil, stdError(contract.ErrorInvalidArgs, "there is no filter %q", name)
		}
		filter |= f
	}
	return func(snap *service.Snapshot) bool {
		return (!byState || slices.Contains(states, string(snap.State))) && (!byPersistence || snap.Persistent == persistent) && filter.Admits(snap)
	}, nil
}
