package dbusapi

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// endMethods are the methods that ask init for something, reset a container, and wait for the end of its run.
func endMethods() []*method {
	return []*method{
		request("Shutdown", "shut down domain", core.Shutdown),
		request("Reboot", "reboot domain", core.Reboot),
		change("Reset", contract.ActionControl, "reset domain", core.Reset),
		{
			name: "AwaitEnd", in: "ua{sv}", out: "ss", action: contract.ActionRead, doing: "wait for the end of domain",
			waits: true,
			run:   awaitEnd,
		},
	}
}

// request is a method that asks init for something, in one of several ways.
func request(name, doing string, do func(core, context.Context, domain.UUID, service.Modes) error) *method {
	return &method{
		name: name, in: "asa{sv}", action: contract.ActionControl, mutates: true, doing: doing,
		run: func(ctx context.Context, s *Server, c *call) ([]any, error) {
			m, err := modes(c.args[0].([]string))
			if err != nil {
				return nil, err
			}
			return nil, do(s.core, ctx, c.uuid, m)
		},
	}
}

// modes reads the names of modes. None, or auto among them, leaves the choice to Berth.
func modes(names []string) (m service.Modes, err error) {
	auto := false
	for _, name := range names {
		switch name {
		case "auto":
			auto = true
		case "initctl":
			m.Initctl = true
		case "signal":
			m.Signal = true
		default:
			return m, stdError(contract.ErrorInvalidArgs, "there is no mode %q: the modes are auto, initctl and signal", name)
		}
	}
	if auto {
		return service.Modes{}, nil
	}
	return m, nil
}

// awaitEnd may take as long as the container runs. It ends with its caller, and when the daemon gives its name up.
func awaitEnd(ctx context.Context, s *Server, c *call) ([]any, error) {
	ctx, stop := s.whileServing(ctx)
	defer stop()
	snap, err := s.core.AwaitEnd(ctx, c.uuid, c.args[0].(uint32))
	if err != nil {
		return nil, err
	}
	return []any{string(snap.State), string(snap.Reason)}, nil
}
