package dbusapi

import (
	"context"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// unshifter is what the API needs of the service for owners on disk.
type unshifter interface {
	Unshift(ctx context.Context, u domain.UUID, o service.UnshiftOptions) (service.Unshifted, error)
	UnshiftPath(ctx context.Context, path string, o service.UnshiftOptions) (service.Unshifted, error)
}

func unshiftOptions() map[string]string { return map[string]string{"from": "u", "dry-run": "b"} }

// unshiftMethod keeps the order of the calls for its container: a start that comes later finds plain owners.
func unshiftMethod() *method {
	return &method{
		name: "Unshift", in: "a{sv}", out: "a{sv}", action: contract.ActionManage, mutates: true, doing: "take back the owners of domain",
		options: unshiftOptions(),
		run: func(ctx context.Context, s *Server, c *call) ([]any, error) {
			ctx, stop := s.whileServing(ctx)
			defer stop()
			o := unshiftOptionsOf(c)
			if o.DryRun {
				c.ticket.Leave() // it changes nothing: nobody waits for it
			}
			return unshifted(s.core.Unshift(ctx, c.uuid, o))
		},
	}
}

// unshiftPathMethod is for a directory of the host, whoever uses it.
func unshiftPathMethod() *method {
	return &method{
		name: "UnshiftPath", in: "sa{sv}", out: "a{sv}", action: contract.ActionAdmin, waits: true, doing: "take back the owners of a directory",
		options: unshiftOptions(),
		run: func(ctx context.Context, s *Server, c *call) ([]any, error) {
			ctx, stop := s.whileServing(ctx)
			defer stop()
			return unshifted(s.core.UnshiftPath(ctx, c.args[0].(string), unshiftOptionsOf(c)))
		},
	}
}

func unshiftOptionsOf(c *call) service.UnshiftOptions {
	return service.UnshiftOptions{From: option[uint32](c, "from"), DryRun: option[bool](c, "dry-run")}
}

func unshifted(u service.Unshifted, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	return []any{map[string]dbus.Variant{
		"path": dbus.MakeVariant(strings.ToValidUTF8(u.Path, "\uFFFD")), "files": dbus.MakeVariant(u.Files), "changed": dbus.MakeVariant(u.Changed),
		"left": dbus.MakeVariant(u.Left), "example": dbus.MakeVariant(strings.ToValidUTF8(u.Example, "\uFFFD")), "from": dbus.MakeVariant(u.From),
		"dropped": dbus.MakeVariant(u.Dropped), "dropped-example": dbus.MakeVariant(strings.ToValidUTF8(u.DroppedExample, "\uFFFD")),
	}}, nil
}
