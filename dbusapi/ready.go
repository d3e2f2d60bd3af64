package dbusapi

import (
	"context"

	"github.com/berthd/berth/service"
)

// waitReady waits until a container is ready. It ends when the server gives its name up: the caller then asks the
// next daemon.
func waitReady(ctx context.Context, s *Server, c *call) ([]any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.released:
			cancel(service.ErrShuttingDown)
		case <-ctx.Done():
		}
	}()
	return nil, s.core.WaitReady(ctx, c.uuid)
}
