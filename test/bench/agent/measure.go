package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/berthd/berth/test/bench/proto"
)

// start starts the containers and waits for their inits. A caller goes on to its next container when
// init has run its first instruction and the call has returned. The wall time ends with the last of
// these.
func (a *Agent) start(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	for _, id := range request.IDs {
		if err := a.stamps[id].drain(); err != nil {
			return proto.Reply{}, fmt.Errorf("drain pipe %d: %w", id, err)
		}
	}
	return each(ctx, request, func(ctx context.Context, id int) (proto.Timing, error) {
		return a.startOne(ctx, peer, id)
	})
}

func (a *Agent) startOne(ctx context.Context, peer prepared, id int) (proto.Timing, error) {
	timing := proto.Timing{ID: id, Called: monotonic()}
	deadline, _ := ctx.Deadline()
	called, err := now()
	if err != nil {
		return timing, err
	}
	if err := peer.Start(ctx, id); err != nil {
		return timing, fmt.Errorf("start %d: %w", id, err)
	}
	returned, err := now()
	if err != nil {
		return timing, err
	}
	if peer.about.Ready {
		timing.Returned = millis(returned - called)
		return timing, nil
	}
	executed, err := a.stamps[id].wait(deadline)
	if err != nil {
		return timing, fmt.Errorf("start %d: %w: %s", id, err, peer.Explain(id))
	}
	timing.Exec = millis(executed - called)
	if !peer.about.Foreground {
		timing.Returned = millis(returned - called)
	}
	return timing, nil
}

func (a *Agent) stop(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	return each(ctx, request, func(ctx context.Context, id int) (proto.Timing, error) {
		timing := proto.Timing{ID: id, Called: monotonic()}
		called, err := now()
		if err != nil {
			return timing, err
		}
		if err := peer.Stop(ctx, id); err != nil {
			return timing, fmt.Errorf("stop %d: %w", id, err)
		}
		returned, err := now()
		timing.Returned = millis(returned - called)
		return timing, err
	})
}

// each calls one for every container of a request, from the request's number of callers. After the
// first error all callers stop.
func each(ctx context.Context, request proto.Request, one func(context.Context, int) (proto.Timing, error)) (proto.Reply, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan int, len(request.IDs))
	for _, id := range request.IDs {
		queue <- id
	}
	close(queue)

	var (
		mu    sync.Mutex
		reply proto.Reply
		first error // later errors mostly follow from it
		wait  sync.WaitGroup
	)
	began := time.Now()
	for range max(1, request.Callers) {
		wait.Go(func() {
			for id := range queue {
				if ctx.Err() != nil {
					return
				}
				limited, done := context.WithTimeout(ctx, opTimeout)
				timing, err := one(limited, id)
				done()
				mu.Lock()
				switch {
				case err == nil:
					reply.Timings = append(reply.Timings, timing)
				case first == nil:
					first = err
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	reply.Wall = millis(time.Since(began))
	return reply, first
}
