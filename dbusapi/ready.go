package dbusapi

import (
	"context"

	"github.com/berthd/berth/service"
)

// waitReady waits until a container is ready.
func waitReady(ctx context.Context, s *Server, c *call) ([]any, error) {
	ctx, stop := s.whileServing(ctx)
	defer stop()
	return nil, s.core.WaitReady(ctx, c.uuid)
}

// whileServing returns a context that also ends, with service.ErrShuttingDown, when the server gives its name up: the
// caller then asks the next daemon. The caller must call stop once it waits no longer.
func (s *Server) whileServing(ctx context.Context) (serving context.Context, stop func()) {
	serving, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.released:
			cancel(service.ErrShuttingDown)
		case <-serving.Done():
		}
	}()
	return serving, func() { cancel(nil) }
}
