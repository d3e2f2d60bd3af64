package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/service"
)

// TestPulse: each proof of life is told once, a failed one is not, and one that does not come ends the pulse.
func TestPulse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var told atomic.Int64
		answer := make(chan error)
		alive := func(ctx context.Context) error {
			select {
			case err := <-answer:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		go pulse(ctx, time.Minute, alive, func(string) { told.Add(1) })
		for i, step := range []struct {
			err  error
			want int64
		}{{nil, 1}, {errors.New("no reply"), 1}, {nil, 2}} {
			answer <- step.err
			synctest.Wait()
			if told.Load() != step.want {
				t.Errorf("step %d: told %d times", i, told.Load())
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Hour)
		if told.Load() != 2 {
			t.Errorf("told %d times although the daemon hangs", told.Load())
		}
	})
}

// TestStatus: the status has the containers of each state. It is told at first, and a second after changes, once.
func TestStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var running atomic.Int64
		counts := func() map[service.State]int {
			if n := int(running.Load()); n > 0 {
				return map[service.State]int{service.StateRunning: n, service.StateShutoff: 7, service.StatePaused: 1}
			}
			return nil
		}
		var told []string
		changed := make(chan struct{}, 1)
		go reportStatus(ctx, changed, counts, func(s string) { told = append(told, s) })
		synctest.Wait()
		for n := range 3 {
			running.Store(int64(n) + 1)
			select {
			case changed <- struct{}{}:
			default:
			}
			time.Sleep(statusPause / 4)
		}
		time.Sleep(time.Hour)
		changed <- struct{}{} // nothing is new
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]string{"STATUS=No containers.", "STATUS=Containers: 3 running, 1 paused, 7 shutoff."}, told); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
