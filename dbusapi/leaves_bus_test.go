//go:build bus

package dbusapi

import (
	"context"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// unshiftOp is what the fake core calls an UnshiftPath without options.
const unshiftOp = "unshift {From:0 DryRun:false}"

// TestCallerLeaves: work on a container goes on when its caller disconnects. Reads, work on a directory of the host and
// questions about authorisation end.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"start", "console", "auth", "dialogue", unshiftOp} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			began, ended := make(chan context.Context, 1), make(chan error, 1)
			release := make(chan struct{})
			wait := func(ctx context.Context) error {
				began <- ctx
				select {
				case <-ctx.Done():
				case <-release:
				}
				ended <- ctx.Err()
				return ctx.Err()
			}
			r.core.set(func(ctx context.Context, got string, _ domain.UUID) error {
				if got == op {
					return wait(ctx)
				}
				return nil
			})
			if op == "auth" {
				r.auth.set(func(ctx context.Context, _ question) error { return wait(ctx) })
			}
			if op == "dialogue" {
				r.auth.set(func(ctx context.Context, q question) error {
					if q.Interactive {
						return wait(ctx)
					}
					return service.ErrInteraction
				})
			}
			other := r.bus.Connect(t)
			object := other.Object(contract.BusName, ContainerPath(uuidA))
			switch op {
			case "console":
				object.Go(contract.ContainerInterface+".ReadConsole", 0, nil, "", noOptions())
			case unshiftOp:
				other.Object(contract.BusName, rootPath).Go(contract.ManagerInterface+".UnshiftPath", 0, nil, "/srv", noOptions())
			case "dialogue":
				other.Send(interactively(ContainerPath(uuidA), contract.ContainerInterface, "Start", noOptions()), nil)
			default:
				object.Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
			}
			ctx := <-began
			other.Close()
			waitFor(t, "the server to notice", func() bool {
				r.server.inbound.mu.Lock()
				defer r.server.inbound.mu.Unlock()
				return len(r.server.inbound.callers) == 0
			})
			if op == "start" {
				if ctx.Err() != nil {
					t.Error("the start was cancelled")
				}
				close(release)
			}
			if err := <-ended; (err != nil) != (op != "start") {
				t.Errorf("ended with %v", err)
			}
			waitFor(t, "the call to end", func() bool { return r.server.InFlight() == 0 })
			if r.log.String() != "" {
				t.Errorf("log: %s", r.log)
			}
		})
	}
}
