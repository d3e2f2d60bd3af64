package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/berthd/berth/test/bench/agent"
	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
	"github.com/berthd/berth/test/bench/timeline"
)

// trace records where a contender's starts and stops are at which time, as the kernel sees all processes of the nest.
// The tracing costs some time, so these starts and stops are in no other table.
func (s *session) trace(ctx context.Context, p *contender) (err error) {
	i := slices.IndexFunc(s.nests, func(n *host.Nest) bool { return n.Flavour == p.flavour })
	if i < 0 {
		return fmt.Errorf("no %s nest", p.flavour)
	}
	tracer, err := s.nests[i].Trace()
	if err != nil {
		s.say("%s is not traced: %v", p.name, err)
		return nil
	}
	defer func() { err = errors.Join(err, tracer.Close()) }()
	seen := func(what string) report.Profile {
		return report.Profile{Title: "Where a " + what + " of " + p.name + " is, seen by the kernel", Peer: p.name}
	}
	t := &traces{seen("warm start"), seen("cold start"), seen("command"), seen("stop")}
	for range s.options.runs {
		if err := s.traceOnce(ctx, p, tracer, t); err != nil || p.problem != "" {
			return err
		}
	}
	for _, each := range []report.Profile{t.warm, t.cold, t.exec, t.stop} {
		each.Sort()
		s.report.Traces = append(s.report.Traces, each)
	}
	return nil
}

// traces are what is seen of a contender.
type traces struct{ warm, cold, exec, stop report.Profile }

// traceOnce traces a cold start, the warm one right after it, the second of two commands in that container, and its
// stop.
func (s *session) traceOnce(ctx context.Context, p *contender, tracer *host.Tracer, t *traces) error {
	if err := pause(ctx, quiet); err != nil {
		return err
	}
	ids := s.next(p, 2)
	started, events, err := s.traced(ctx, p, tracer, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	second := started[1].Called
	add(&t.cold, timeline.Start(between(events, started[0].Called, second), time.Duration(started[0].Called), agent.Init), started[0])
	add(&t.warm, timeline.Start(between(events, second, 1<<63-1), time.Duration(second), agent.Init), started[1])
	if p.executes {
		if _, err := s.do(ctx, p, proto.Request{Op: proto.Exec, IDs: ids[1:], Callers: 1}); err != nil || p.problem != "" {
			return err
		}
		executed, events, err := s.traced(ctx, p, tracer, proto.Request{Op: proto.Exec, IDs: ids[1:], Callers: 1})
		if err != nil || p.problem != "" {
			return err
		}
		add(&t.exec, timeline.Exec(events, time.Duration(executed[0].Called), agent.Init), executed[0])
	}
	if err := pause(ctx, settled); err != nil {
		return err
	}
	stopped, events, err := s.traced(ctx, p, tracer, proto.Request{Op: proto.Stop, IDs: ids[1:], Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	add(&t.stop, timeline.Stop(events, time.Duration(stopped[0].Called), agent.Init), stopped[0])
	_, err = s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids[:1], Callers: 1})
	return err
}

// traced carries out a request, and returns its timings and what was seen meanwhile.
func (s *session) traced(ctx context.Context, p *contender, tracer *host.Tracer, request proto.Request) ([]proto.Timing, []timeline.Event, error) {
	if err := tracer.Clear(); err != nil {
		return nil, nil, err
	}
	reply, err := s.do(ctx, p, request)
	if err != nil || p.problem != "" {
		return nil, nil, err
	}
	events, err := tracer.Events()
	return reply.Timings, events, err
}

// between returns the events from one call to the next, in nanoseconds of CLOCK_MONOTONIC.
func between(events []timeline.Event, from, to int64) []timeline.Event {
	var part []timeline.Event
	for _, e := range events {
		if int64(e.At) >= from && int64(e.At) < to {
			part = append(part, e)
		}
	}
	return part
}

// add adds the steps of one start or stop, and what the agent knows of it.
func add(profile *report.Profile, steps []proto.Mark, timing proto.Timing) {
	if timing.Exec > 0 {
		steps = append(steps, proto.Mark{What: "init's first instruction", At: timing.Exec})
	}
	if timing.Returned > 0 {
		steps = append(steps, proto.Mark{What: "call returned", At: timing.Returned})
	}
	for _, each := range steps {
		profile.Add(each)
	}
}
