package main

import (
	"context"
	"time"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

const (
	quiet   = 400 * time.Millisecond // before a cold start
	settled = 60 * time.Millisecond  // after a start; cgroup.events comes at most once in 10 ms
)

// play measures everything and fills the report.
func (g *game) play(ctx context.Context) error {
	if err := g.memory(ctx, 0, "idle, before"); err != nil {
		return err
	}
	rounds := []struct {
		name string
		turn func(context.Context, *player) error
		in   func(*player) bool
	}{
		{"warm", g.warmTurn, func(*player) bool { return true }},
		{"cold", g.coldTurn, func(p *player) bool { return !p.extra }},
	}
	for _, round := range rounds {
		for run := range g.options.runs {
			if run%10 == 0 {
				g.say("%s starts, round %d of %d", round.name, run+1, g.options.runs)
			}
			err := g.each(round.in, func(p *player) error { return round.turn(ctx, p) })
			if err != nil {
				return err
			}
		}
	}
	full := func(p *player) bool { return !p.extra }
	for _, callers := range []int{1, 8} {
		g.say("%d starts, %d at a time", g.options.many, callers)
		if err := g.each(full, func(p *player) error { return g.manyTurn(ctx, p, callers) }); err != nil {
			return err
		}
	}
	if err := g.memory(ctx, 0, "idle, after"); err != nil {
		return err
	}
	if g.options.profile {
		g.say("profiles")
		if err := g.each(full, func(p *player) error { return g.profile(ctx, p) }); err != nil {
			return err
		}
	}
	return g.collect()
}

// each lets every player that is still in the game and wanted have its turn.
func (g *game) each(wanted func(*player) bool, turn func(*player) error) error {
	for _, p := range g.players {
		if p.problem == "" && wanted(p) {
			if err := turn(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// take gives the next containers of a player. Going round all of them keeps a stop's last traces
// away from the next start of that name.
func (g *game) take(p *player, count int) []int {
	var ids []int
	for range count {
		ids = append(ids, p.next)
		p.next = (p.next + 1) % g.options.many
	}
	return ids
}

// warmTurn starts two containers right after each other and counts the second.
func (g *game) warmTurn(ctx context.Context, p *player) error {
	ids := g.take(p, 2)
	started, err := g.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	count(&p.warm, started.Timings[1])
	return g.stopTurn(ctx, p, []int{ids[1], ids[0]})
}

// coldTurn starts one container after a while of nothing.
func (g *game) coldTurn(ctx context.Context, p *player) error {
	if err := pause(ctx, quiet); err != nil {
		return err
	}
	ids := g.take(p, 1)
	started, err := g.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: 1})
	if err != nil || p.problem != "" {
		return err
	}
	count(&p.cold, started.Timings[0])
	return g.stopTurn(ctx, p, ids)
}

// stopTurn stops settled containers and counts the first.
func (g *game) stopTurn(ctx context.Context, p *player, ids []int) error {
	if err := pause(ctx, settled); err != nil {
		return err
	}
	stopped, err := g.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids, Callers: 1})
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

// manyTurn starts all containers, and reads the memory while they run.
func (g *game) manyTurn(ctx context.Context, p *player, callers int) error {
	p.next = 0
	ids := g.take(p, g.options.many)
	started, err := g.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids, Callers: callers})
	if err != nil || p.problem != "" {
		return err
	}
	if err := pause(ctx, quiet); err != nil {
		return err
	}
	if callers == 1 {
		if err := g.weigh(ctx, p, len(ids), "all running"); err != nil {
			return err
		}
	}
	stopped, err := g.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids, Callers: 8})
	if err != nil || p.problem != "" {
		return err
	}
	g.report.Many = append(g.report.Many, report.Many{
		Peer: p.name, Count: len(ids), Callers: callers, Start: started.Wall, Stop: stopped.Wall,
	})
	return nil
}
