package main

import (
	"context"
	"time"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

const (
	quiet   = 400 * time.Millisecond // the pause before a cold start
	settled = 60 * time.Millisecond  // the pause between start and stop; cgroup.events comes at most once in 10 ms
)

// measure measures everything and fills the report.
func (s *session) measure(ctx context.Context) error {
	if err := s.allMemory(ctx, 0, "idle, before"); err != nil {
		return err
	}
	rounds := []struct {
		name string
		once func(context.Context, *contender) error
		in   func(*contender) bool
	}{
		{"warm starts", s.warmStart, func(p *contender) bool { return !p.commands && !p.socket && !p.dynMods && !p.observer }},
		{"cold starts", s.coldStart, func(p *contender) bool { return !p.extra }},
		{"connections", s.connects, func(p *contender) bool { return p.socket }},
		{"commands", s.executes, func(p *contender) bool { return p.executes && !p.dynMods }},
	}
	for _, round := range rounds {
		if err := s.rounds(ctx, round.name, round.in, round.once); err != nil {
			return err
		}
	}
	if err := s.endLasting(ctx); err != nil {
		return err
	}
	full := func(p *contender) bool { return !p.extra }
	for _, callers := range []int{1, 8} {
		s.say("%d starts, %d at a time", s.options.many, callers)
		if err := s.each(full, func(p *contender) error { return s.manyStarts(ctx, p, callers) }); err != nil {
			return err
		}
	}
	// Late: a peer that cannot start what it has just stopped has all its other figures by now.
	if err := s.rounds(ctx, "starts after a stop", full, s.afterStop); err != nil {
		return err
	}
	if err := s.allMemory(ctx, 0, "idle, after"); err != nil {
		return err
	}
	if s.options.profile {
		s.say("profiles")
		if err := s.each(full, func(p *contender) error { return s.profile(ctx, p) }); err != nil {
			return err
		}
	}
	if s.options.trace {
		s.say("traces")
		if err := s.each(full, func(p *contender) error { return s.trace(ctx, p) }); err != nil {
			return err
		}
	}
	if err := s.favoured(ctx); err != nil {
		return err
	}
	return s.collect()
}

// rounds measures one kind of thing: once with each contender that in accepts, in turn, as often as there are runs.
func (s *session) rounds(ctx context.Context, what string, in func(*contender) bool, once func(context.Context, *contender) error) error {
	for run := range s.options.runs {
		if run%10 == 0 {
			s.say("%s, round %d of %d", what, run+1, s.options.runs)
		}
		if err := s.each(in, func(p *contender) error { return once(ctx, p) }); err != nil {
			return err
		}
	}
	return nil
}

// each calls f with every contender that is not excluded and that wanted accepts.
func (s *session) each(wanted func(*contender) bool, f func(*contender) error) error {
	for _, p := range s.contenders {
		if p.problem == "" && wanted(p) {
			if err := f(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// next returns the ids of a contender's next containers. It goes round all of them, so that traces of a
// stop do not affect the next start of the same container.
func (s *session) next(p *contender, count int) []int {
	var ids []int
	for range count {
		ids = append(ids, p.nextID)
		p.nextID = (p.nextID + 1) % s.options.many
	}
	return ids
}

// warmStart starts two containers right after each other, and records the second start.
func (s *session) warmStart(ctx context.Context, p *contender) error {
	ids := s.next(p, 2)
	started, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	count(&p.warm, started.Timings[1])
	return s.stop(ctx, p, []int{ids[1], ids[0]})
}

// coldStart starts one container after a quiet time, and records the start.
func (s *session) coldStart(ctx context.Context, p *contender) error {
	if err := pause(ctx, quiet); err != nil {
		return err
	}
	ids := s.next(p, 1)
	started, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	count(&p.cold, started.Timings[0])
	return s.stop(ctx, p, ids)
}

// stop stops containers after they have settled, and records the first stop.
func (s *session) stop(ctx context.Context, p *contender, ids []int) error {
	if err := pause(ctx, settled); err != nil {
		return err
	}
	stopped, err := s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	p.stop.Samples = append(p.stop.Samples, stopped.Timings[0].Returned)
	return nil
}

func count(s *report.Series, t proto.Timing) {
	s.Samples = append(s.Samples, t.Exec)
	if t.Returned > 0 {
		s.Returned = append(s.Returned, t.Returned)
	}
}

// manyStarts starts all containers, and reads the memory while they run.
func (s *session) manyStarts(ctx context.Context, p *contender, callers int) error {
	p.nextID = 0
	ids := s.next(p, s.options.many)
	started, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: callers})
	if err != nil || p.problem != "" {
		return err
	}
	if err := pause(ctx, quiet); err != nil {
		return err
	}
	if callers == 1 {
		if err := s.memory(ctx, p, len(ids), "all running"); err != nil {
			return err
		}
		if err := s.figures(ctx, p, ids); err != nil {
			return err
		}
	}
	stopped, err := s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids, Callers: 8})
	if err != nil || p.problem != "" {
		return err
	}
	many := report.Many{Peer: p.name, Count: len(ids), Callers: callers, Start: started.Wall, Stop: stopped.Wall}
	if callers == 1 {
		var starts []float64
		for _, t := range started.Timings {
			starts = append(starts, t.Exec)
		}
		many.Spread(starts)
	}
	s.report.Many = append(s.report.Many, many)
	return nil
}
