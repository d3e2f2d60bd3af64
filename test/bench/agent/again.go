package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/berthd/berth/test/bench/proto"
)

// again stops one container, waits, and starts another one or the same. The wall time is from the call of the stop to
// the first instruction of init.
func (a *Agent) again(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	if len(request.IDs) != 2 {
		return proto.Reply{}, fmt.Errorf("again with %d containers: must be two", len(request.IDs))
	}
	began, err := now()
	if err != nil {
		return proto.Reply{}, err
	}
	reply, err := a.stop(ctx, peer, proto.Request{IDs: request.IDs[:1], Callers: 1})
	if err != nil {
		return reply, err
	}
	if request.Pause > 0 {
		select {
		case <-time.After(request.Pause):
		case <-ctx.Done():
			return reply, ctx.Err()
		}
	}
	called, err := now()
	if err != nil {
		return reply, err
	}
	started, err := a.start(ctx, peer, proto.Request{IDs: request.IDs[1:], Callers: 1})
	reply.Timings = append(reply.Timings, started.Timings...)
	if err != nil {
		return reply, err
	}
	if len(reply.Timings) != 2 {
		return reply, errors.New("a stop or a start has no time")
	}
	reply.Wall = millis(called-began) + reply.Timings[1].Exec
	return reply, nil
}
