package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestAdopt: a container that runs, also one that is suspended, becomes that of a service, which is stopped when the
// container has ended; one that is off is started; and one that is another service's, or cannot be noted as this one's,
// stays as it is.
func TestAdopt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web")
		stopped := 0
		w.onCall("scopes.StopService web.service", func() { stopped++ })
		adopt := func(unit string) error {
			return s.StartWith(context.Background(), u, StartOptions{Unit: unit, Adopt: true})
		}
		for _, state := range []State{StateShutoff, StateRunning, StatePaused} {
			if state != StateShutoff {
				if err := s.Start(context.Background(), u); err != nil {
					t.Fatal(err)
				}
			}
			if state == StatePaused {
				if err := s.Suspend(context.Background(), u); err != nil {
					t.Fatal(err)
				}
			}
			if state == StateRunning {
				w.fault = "runs.Save " + string(StateRunning)
				if err := adopt("web.service"); !errors.Is(err, errFault) {
					t.Errorf("without a note: %v", err)
				}
				w.fault = ""
			}
			stopped = 0
			for range 2 {
				if err := adopt("web.service"); err != nil {
					t.Errorf("%s: %v", state, err)
				}
			}
			var refused *StateError
			if err := adopt("other.service"); !errors.As(err, &refused) || refused.Kind != AlreadyRunning || refused.Unit != "web.service" {
				t.Errorf("%s, and another service's: %v", state, err)
			}
			if err := s.StartWith(context.Background(), u, StartOptions{Unit: "web.service"}); !errors.As(err, &refused) {
				t.Errorf("%s, and not to be adopted: %v", state, err)
			}
			w.kill(s)
			s, _ = again(t, w)
			w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
			synctest.Wait()
			if stopped != 1 {
				t.Errorf("%s: after the end the service was stopped %d times", state, stopped)
			}
		}
	})
}
