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
	warm, cold, stop := seen("warm start"), seen("cold start"), seen("stop")
	for range s.options.runs {
		if err := s.traceOnce(ctx, p, tracer, &cold, &warm, &stop); err != nil || p.problem != "" {
			return err
		}
	}
	for _, each := range []report.Profile{warm, cold, stop} {
		each.Sort()
		s.report.Traces = append(s.report.Traces, each)
	}
	return nil
}

// traceOnce traces a cold start, the warm one right after it, and the stop of the second container.
func (s *session) traceOnce(ctx context.Context, p *contender, tracer *host.Tracer, cold, warm, stop *report.Profile) error {
	if err := pause(ctx, quiet); err != nil {
		return err
	}
	ids := s.next(p, 2)
	if err := tracer.Clear(); err != nil {
		return err
	}
	started, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	events, err := tracer.Events()
	if err != nil {
		return err
	}
	for i, profile := range []*report.Profile{cold, warm} {
		end := started.Timings[len(started.Timings)-1].Called
		if i == 1 {
			end = 1<<63 - 1
		}
		called := started.Timings[i].Called
		add(profile, timeline.Start(between(events, called, end), time.Duration(called), agent.Init), started.Timings[i])
	}
	if err := pause(ctx, settled); err != nil {
		return err
	}
	if err := tracer.Clear(); err != nil {
		return err
	}
	stopped, err := s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids[1:], Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	if events, err = tracer.Events(); err != nil {
		return err
	}
	called := stopped.Timings[0].Called
	add(stop, timeline.Stop(events, time.Duration(called), agent.Init), stopped.Timings[0])
	_, err = s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids[:1], Callers: 1})
	return err
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
