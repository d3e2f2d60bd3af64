package agent

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/proto"
)

// TestEachDoesEveryContainerOnce: each container is done once, by however many callers.
func TestEachDoesEveryContainerOnce(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{0, 1, 3, 50} {
		ids := []int{4, 2, 7, 9}
		reply, err := each(t.Context(), proto.Request{IDs: ids, Callers: callers},
			func(_ context.Context, id int) (proto.Timing, error) { return proto.Timing{ID: id}, nil })
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, timing := range reply.Timings {
			got = append(got, timing.ID)
		}
		if callers > 1 {
			slices.Sort(ids)
			slices.Sort(got)
		}
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("%d callers (-want +got):\n%s", callers, diff)
		}
	}
}

// TestEachEndsAtTheFirstError: the first error ends the round, and the timings before it are kept.
func TestEachEndsAtTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var calls atomic.Int32
	reply, err := each(t.Context(), proto.Request{IDs: []int{0, 1, 2, 3, 4, 5}, Callers: 1},
		func(_ context.Context, id int) (proto.Timing, error) {
			calls.Add(1)
			if id == 2 {
				return proto.Timing{}, broken
			}
			return proto.Timing{ID: id}, nil
		})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if calls.Load() != 3 || len(reply.Timings) != 2 {
		t.Errorf("%d calls, %d timings, want 3 and 2", calls.Load(), len(reply.Timings))
	}
}
