package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/berthd/berth/test/bench/proto"
)

// start starts the containers and waits for their inits. The wall time ends with the last init's
// first instruction, or with the last call's return when that is later: a caller goes on to
// its next container only after both.
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
	timing := proto.Timing{ID: id}
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
		timing := proto.Timing{ID: id}
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

// each does one thing to every container of a request with so many callers. Every caller stops at
// the first error of any.
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
		first error // the others are mostly its echo
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
