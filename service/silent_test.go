package service

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// TestRecoverWaitsForNobody: a supervisor that hangs holds the daemon up no longer than its limit.
// Its container can be suspended and ended without it, and it is taken over when it answers.
func TestRecoverWaitsForNobody(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		order  func(*Service, domain.UUID) error
		within time.Duration
		over   bool
		state  State
		reason Reason
	}{
		"destroy": {
			func(s *Service, u domain.UUID) error { return s.Destroy(context.Background(), u) },
			supervisorLimit, true, StateShutoff, ReasonDestroyed,
		},
		"suspend": {
			func(s *Service, u domain.UUID) error { return s.Suspend(context.Background(), u) },
			0, false, StatePaused, ReasonUser,
		},
		"suspend and resume": {
			func(s *Service, u domain.UUID) error {
				if err := s.Suspend(context.Background(), u); err != nil {
					return err
				}
				return s.Resume(context.Background(), u)
			},
			0, false, StateRunning, ReasonUnpaused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, u, sup := withHanging(t)
				begin := time.Now()
				if err := tc.order(s, u); err != nil {
					t.Fatal(err)
				}
				time.Sleep(tc.within - time.Since(begin))
				synctest.Wait()
				if snap, _ := s.ByUUID(u); snap.State != tc.state || snap.Reason != tc.reason || sup.over() != tc.over {
					t.Errorf("%s/%s, over %v", snap.State, snap.Reason, sup.over())
				}
				sup.hanging.Store(false)
				time.Sleep(attachPause + endTimeout)
				synctest.Wait()
				if snap, _ := s.ByUUID(u); snap.State != tc.state || (snap.Leader == 0) != tc.over {
					t.Errorf("it answers: %s, leader %d", snap.State, snap.Leader)
				}
				if !tc.over {
					if err := s.Destroy(context.Background(), u); err != nil {
						t.Errorf("destroy: %v", err)
					}
				}
			})
		})
	}
}

// withHanging gives a new daemon and a container that the one before left, whose supervisor is stopped.
func withHanging(t *testing.T) (*Service, domain.UUID, *supervisorFake) {
	t.Helper()
	w := newWorld()
	first, u := running(t, w)
	sup := w.supervisors[u.String()]
	sup.hanging.Store(true)
	w.kill(first)
	begin := time.Now()
	s, announce := again(t, w)
	if took := time.Since(begin); took > supervisorLimit {
		t.Errorf("the daemon is there after %v", took)
	}
	announce()
	t.Cleanup(func() {
		if left := w.left(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return s, u, sup
}

// TestSilentIsNotShared: a container whose supervisor does not answer is not taken for one that is
// off.
func TestSilentIsNotShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, u, _ := withHanging(t)
		other := define(t, s, "other", uuidXML(domain.UUID{1}), lxcShares("<sharenet type='name' value='web'/>"))
		if err := s.Start(context.Background(), other); err == nil || !strings.Contains(err.Error(), errNotAnswering.Error()) {
			t.Errorf("start: %v", err)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Errorf("destroy: %v", err)
		}
	})
}
