package agent

import (
	"context"
	"errors"

	"github.com/berthd/berth/test/bench/peers"
	"github.com/berthd/berth/test/bench/proto"
)

// figures reads the figures of all containers of a request, as often as it says.
func (a *Agent) figures(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	observer, ok := peer.Peer.(peers.Observer)
	if !ok {
		return proto.Reply{}, errors.New("cannot read figures")
	}
	var reply proto.Reply
	for range request.Count {
		limited, done := context.WithTimeout(ctx, opTimeout)
		called, err := now()
		if err != nil {
			done()
			return reply, err
		}
		err = observer.Figures(limited, request.IDs)
		done()
		if err != nil {
			return reply, err
		}
		returned, err := now()
		if err != nil {
			return reply, err
		}
		reply.Timings = append(reply.Timings, proto.Timing{Returned: millis(returned - called)})
	}
	return reply, nil
}
