package main

import (
	"context"
	"time"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

// The pauses between a stop and the next start of the same peer. That is where users are: neither right after another
// start nor after a quiet time.
const (
	shortPause = 12 * time.Millisecond
	longPause  = 30 * time.Millisecond
)

// afterStop records a restart, and starts of other containers after a stop and a pause.
func (s *session) afterStop(ctx context.Context, p *contender) error {
	ids := s.next(p, 3)
	if _, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: ids[:1], Callers: 1}); err != nil || p.problem != "" {
		return err
	}
	for _, each := range []struct {
		stop, start int
		pause       time.Duration
		series      *report.Series
	}{
		{ids[0], ids[0], 0, &p.restart},
		{ids[0], ids[1], shortPause, &p.after12},
		{ids[1], ids[2], longPause, &p.after30},
	} {
		if err := pause(ctx, settled); err != nil {
			return err
		}
		done, err := s.do(ctx, p, proto.Request{Op: proto.Again, IDs: []int{each.stop, each.start}, Pause: each.pause})
		if err != nil || p.problem != "" {
			return err
		}
		if each.pause > 0 {
			count(each.series, done.Timings[1])
			continue
		}
		each.series.Samples = append(each.series.Samples, done.Wall)
	}
	if err := pause(ctx, settled); err != nil {
		return err
	}
	_, err := s.do(ctx, p, proto.Request{Op: proto.Stop, IDs: ids[2:], Callers: 1})
	return err
}
