package service

import (
	"context"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestFrozenIsTheKernelsWord: a container is frozen when the kernel says so, whatever was noted, so
// that it can always be resumed.
func TestFrozenIsTheKernelsWord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		turns  []func(*Service, context.Context, domain.UUID) error
		fault  string // of the last one's note
		state  State
		reason Reason
		then   func(*Service, context.Context, domain.UUID) error
	}{
		"suspended": {
			[]func(*Service, context.Context, domain.UUID) error{(*Service).Suspend},
			"runs.Save paused", StatePaused, ReasonUser, (*Service).Resume,
		},
		"resumed": {
			[]func(*Service, context.Context, domain.UUID) error{(*Service).Suspend, (*Service).Resume},
			"runs.Save running", StateRunning, ReasonUnpaused, (*Service).Suspend,
		},
		"it cannot be asked": {
			[]func(*Service, context.Context, domain.UUID) error{(*Service).Suspend},
			"cgroup.Frozen", StatePaused, ReasonUser, (*Service).Resume,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s, u := running(t, w)
			w.fault = c.fault
			for _, turn := range c.turns {
				if err := turn(s, context.Background(), u); err != nil {
					t.Fatal(err)
				}
			}
			if snap, _ := s.ByUUID(u); snap.State != c.state || snap.Reason != c.reason {
				t.Errorf("it is %s/%s", snap.State, snap.Reason)
			}
			s, settle := again(t, w)
			settle()
			if snap, _ := s.ByUUID(u); snap.State != c.state || snap.Reason != c.reason {
				t.Errorf("afterwards it is %s/%s", snap.State, snap.Reason)
			}
			w.fault = ""
			if err := c.then(s, context.Background(), u); err != nil {
				t.Error(err)
			}
		})
	}
}
