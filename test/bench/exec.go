package main

import (
	"context"

	"github.com/berthd/berth/test/bench/proto"
)

// executes executes two commands right after each other in a settled container. It records the second, and the first
// apart.
func (s *session) executes(ctx context.Context, p *contender) error {
	ids := s.next(p, 1)
	if _, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1}); err != nil || p.problem != "" {
		return err
	}
	if err := pause(ctx, settled); err != nil {
		return err
	}
	done, err := s.do(ctx, p, proto.Request{Op: proto.Exec, IDs: []int{ids[0], ids[0]}, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	p.exec.First = append(p.exec.First, done.Timings[0].Returned)
	p.exec.Samples = append(p.exec.Samples, done.Timings[1].Returned)
	if p.lasting {
		return nil
	}
	_, err = s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids, Callers: 1})
	return err
}

// endLasting stops the containers that ran through all rounds of commands.
func (s *session) endLasting(ctx context.Context) error {
	return s.each(func(p *contender) bool { return p.lasting }, func(p *contender) error {
		_, err := s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: []int{0}, Callers: 1})
		return err
	})
}
