package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/test/bench/peers"
	"github.com/berthd/berth/test/bench/proto"
)

// execute executes the trivial command in the containers. A time ends when the caller has the exit status.
func (a *Agent) execute(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	executor, ok := peer.Peer.(peers.Executor)
	if !ok {
		return proto.Reply{}, errors.New("cannot execute commands")
	}
	command := nothing()
	if len(peer.about.Command) > 0 {
		command = peer.about.Command
	}
	return each(ctx, request, func(ctx context.Context, id int) (proto.Timing, error) {
		timing := proto.Timing{ID: id, Called: monotonic()}
		called, err := now()
		if err != nil {
			return timing, err
		}
		if err := executor.Exec(ctx, id, command); err != nil {
			return timing, fmt.Errorf("exec in %d: %w", id, err)
		}
		returned, err := now()
		timing.Returned = millis(returned - called)
		return timing, err
	})
}
