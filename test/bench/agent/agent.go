package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/berthd/berth/test/bench/peers"
	"github.com/berthd/berth/test/bench/proto"
)

const (
	// opTimeout limits one start or stop. The slowest one seen is libvirt's destroy, with 1.8 s.
	opTimeout      = 20 * time.Second
	prepareTimeout = 60 * time.Second
)

// Agent holds the prepared peers of one nest.
type Agent struct {
	roots  peers.Roots
	stamps []*stamp
	ready  map[string]prepared
}

type prepared struct {
	peers.Peer
	about peers.About
}

// Run answers requests until the input ends.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	a := &Agent{
		roots: peers.Roots{Dir: "/run/bench/roots", State: "/run/bench"},
		ready: make(map[string]prepared),
	}
	requests := json.NewDecoder(bufio.NewReader(in))
	replies := json.NewEncoder(out)
	for {
		var request proto.Request
		err := requests.Decode(&request)
		if errors.Is(err, io.EOF) {
			return a.close()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read request: %w", err), a.close())
		}
		reply, err := a.serve(ctx, request)
		if err != nil {
			reply.Error = err.Error()
		}
		if err := replies.Encode(reply); err != nil {
			return errors.Join(fmt.Errorf("write reply: %w", err), a.close())
		}
	}
}

func (a *Agent) serve(ctx context.Context, request proto.Request) (proto.Reply, error) {
	if request.Op == proto.Prepare {
		return a.prepare(ctx, request)
	}
	peer, ok := a.ready[request.Peer]
	if !ok {
		return proto.Reply{}, fmt.Errorf("peer %q: not prepared", request.Peer)
	}
	for _, id := range request.IDs {
		if id < 0 || id >= len(a.stamps) {
			return proto.Reply{}, fmt.Errorf("container %d: not prepared", id)
		}
	}
	switch request.Op {
	case proto.Start:
		return a.start(ctx, peer, request)
	case proto.Stop:
		return a.stop(ctx, peer, request)
	case proto.Again:
		return a.again(ctx, peer, request)
	case proto.Exec:
		return a.execute(ctx, peer, request)
	case proto.Figures:
		return a.figures(ctx, peer, request)
	case proto.Memory:
		processes, err := memory(peer.about.Programs)
		return proto.Reply{Processes: processes}, err
	case proto.Profile:
		return a.profile(ctx, peer, request)
	case proto.Prepare:
	}
	return proto.Reply{}, fmt.Errorf("operation %q: unknown", request.Op)
}

func (a *Agent) prepare(ctx context.Context, request proto.Request) (proto.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	for id := len(a.stamps); id < request.Count; id++ {
		s, err := makeRoot(a.roots.Root(id))
		if err != nil {
			return proto.Reply{}, err
		}
		a.stamps = append(a.stamps, s)
	}
	peer, err := peers.New(request.Peer, a.roots)
	if err != nil {
		return proto.Reply{}, err
	}
	about, err := peer.Prepare(ctx, request.Count)
	if err != nil {
		return proto.Reply{Version: about.Version, Note: about.Note}, errors.Join(err, peer.Close())
	}
	a.ready[request.Peer] = prepared{peer, about}
	_, executes := peer.(peers.Executor)
	return proto.Reply{Version: about.Version, Note: about.Note, Executes: executes}, nil
}

func (a *Agent) close() error {
	var errs []error
	for _, peer := range a.ready {
		errs = append(errs, peer.Close())
	}
	for _, s := range a.stamps {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
