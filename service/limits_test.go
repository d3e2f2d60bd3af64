package service

import (
	"context"
	"errors"
	"testing"

	"github.com/berthd/berth/internal/plan"
)

// TestLimits: the limits of the running container and of its stored definition are told apart, and what there is not is
// an error.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	if err := s.SetResources(context.Background(), u, memoryMax(32), TuneOptions{Live: true}); err != nil {
		t.Fatal(err)
	}
	for o, want := range map[TuneOptions]uint64{{}: 32 << 20, {Live: true}: 32 << 20, {Config: true}: 64 << 20} {
		if got, l, err := s.Limits(u, o); got != want || l.CPUWeight != plan.Infinity || err != nil {
			t.Errorf("%+v: %d, %+v, %v", o, got, l, err)
		}
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.Limits(u, TuneOptions{}); got != 64<<20 || err != nil {
		t.Errorf("off: %d, %v", got, err)
	}
	var state *StateError
	if _, _, err := s.Limits(u, TuneOptions{Live: true}); !errors.As(err, &state) {
		t.Errorf("off, live: %v", err)
	}
}
