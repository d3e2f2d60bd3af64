package main

import (
	"context"
	"errors"

	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

// figures records how long it takes to read the figures of the containers of a contender that run, by each that can
// read them. One that fails has no figures, and is not excluded.
func (s *session) figures(ctx context.Context, runs *contender, ids []int) error {
	return s.each(func(p *contender) bool { return p.figures == runs.name }, func(p *contender) error {
		request := proto.Request{Op: proto.Figures, Peer: p.peer, IDs: ids, Count: s.options.runs}
		reply, err := s.links[p.flavour].Do(ctx, request)
		if failed, ok := errors.AsType[*host.AgentError](err); ok {
			s.say("%s reads no figures: %v", p.name, failed)
			p.note += "; its figures failed: " + failed.Error()
			return nil
		}
		series := report.Series{Peer: p.name, Used: reply.Used}
		for _, t := range reply.Timings {
			series.Samples = append(series.Samples, t.Returned)
		}
		s.report.Figures = append(s.report.Figures, series)
		s.report.FiguresOf = len(ids)
		return err
	})
}
