package service

import (
	"context"
	"errors"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestFreezeIsNotedOrUndone: with a full /run nothing is frozen that a later daemon would not know of.
func TestFreezeIsNotedOrUndone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	sup := w.supervisors[u.String()]
	for _, c := range []struct {
		fault  string
		turn   func(context.Context, domain.UUID) error
		before State
		after  State
	}{
		{"runs.Save paused", s.Suspend, StateRunning, StatePaused},
		{"runs.Save running", s.Resume, StatePaused, StateRunning},
	} {
		w.takeEvents()
		w.fault = c.fault
		err := c.turn(context.Background(), u)
		snap, _ := s.ByUUID(u)
		if !errors.Is(err, errFault) || snap.State != c.before || sup.frozen.Load() != (c.before == StatePaused) || len(w.takeEvents()) > 0 {
			t.Errorf("%s: %v, it is %s, frozen %v", c.fault, err, snap.State, sup.frozen.Load())
		}
		w.fault = ""
		err = c.turn(context.Background(), u)
		snap, _ = s.ByUUID(u)
		if err != nil || snap.State != c.after || sup.frozen.Load() != (c.after == StatePaused) {
			t.Errorf("then: %v, it is %s, frozen %v", err, snap.State, sup.frozen.Load())
		}
	}
}
