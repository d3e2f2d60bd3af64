package main

import (
	"context"

	"github.com/berthd/berth/test/bench/proto"
)

// connects starts one container by a connection. It records when the first byte came, which is when the start returned.
func (s *session) connects(ctx context.Context, p *contender) error {
	ids := s.next(p, 1)
	started, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	p.answer.Samples = append(p.answer.Samples, started.Timings[0].Returned)
	if err := pause(ctx, settled); err != nil {
		return err
	}
	_, err = s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids, Callers: 1})
	return err
}
