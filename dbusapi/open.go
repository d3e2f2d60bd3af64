package dbusapi

import (
	"context"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// namespaceKinds are those; namespaces(7).
func namespaceKinds() []string {
	return []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}
}

func openNamespaces(ctx context.Context, s *Server, c *call) ([]any, error) {
	wanted := slices.Compact(slices.Sorted(slices.Values(c.args[0].([]string))))
	if len(wanted) == 0 {
		wanted = namespaceKinds()
	}
	for _, kind := range wanted {
		if !slices.Contains(namespaceKinds(), kind) {
			return nil, stdError(contract.ErrorInvalidArgs, "there is no namespace of the kind %q; the kinds are %q", kind, namespaceKinds())
		}
	}
	files, err := s.core.Namespaces(ctx, c.uuid, wanted)
	if err != nil {
		return nil, err
	}
	named := map[string]dbus.Variant{}
	for i, f := range files {
		named[wanted[i]] = dbus.MakeVariant(c.give(f))
	}
	return []any{named}, nil
}

func openLeaderPIDFD(ctx context.Context, s *Server, c *call) ([]any, error) {
	f, err := s.core.LeaderPIDFD(ctx, c.uuid)
	if err != nil {
		return nil, err
	}
	return []any{c.give(f)}, nil
}
