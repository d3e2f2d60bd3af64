package dbusapi

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

func openConsoleMethod() *method {
	return &method{
		name: "OpenConsole", in: "sa{sv}", out: "h", action: contract.ActionConsole, asks: true, doing: "open the console of domain",
		options: map[string]string{
			"force": "b", "safe": "b", "read-only": "b", "framed": "b", "from": "t", "rows": "q", "columns": "q",
		},
		run: openConsole,
	}
}

func resizeConsoleMethod() *method {
	return &method{
		name: "ResizeConsole", in: "sqqa{sv}", action: contract.ActionConsole, asks: true, doing: "resize the console of domain",
		run: resizeConsole,
	}
}

func openConsole(ctx context.Context, s *Server, c *call) ([]any, error) {
	o := service.ConsoleOptions{
		Force: option[bool](c, "force"), Safe: option[bool](c, "safe"), ReadOnly: option[bool](c, "read-only"),
		Framed: option[bool](c, "framed"), From: option[uint64](c, "from"),
		Window: service.Window{Rows: option[uint16](c, "rows"), Columns: option[uint16](c, "columns")},
	}
	if o.Force && o.Safe {
		return nil, stdError(contract.ErrorInvalidArgs, "the options force and safe exclude each other")
	}
	f, err := s.core.OpenConsole(ctx, c.uuid, c.args[0].(string), o)
	if err != nil {
		return nil, err
	}
	return []any{c.give(f)}, nil
}

func resizeConsole(ctx context.Context, s *Server, c *call) ([]any, error) {
	return nil, s.core.ResizeConsole(ctx, c.uuid, c.args[0].(string), service.Window{
		Rows: c.args[1].(uint16), Columns: c.args[2].(uint16),
	})
}
