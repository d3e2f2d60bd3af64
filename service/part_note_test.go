package service

import (
	"context"
	"testing"
	"time"
)

// TestEndIsSavedEarly: the end of a run is saved while systemd and machined still release their parts, once. What could
// not be saved then is saved with the directory.
func TestEndIsSavedEarly(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"saved": false, "not saved": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s, u := running(t, w)
			saves := 0
			saved := make(chan struct{})
			w.onCall("runs.Save shutoff", func() {
				if saves++; saves == 1 {
					close(saved)
				}
			})
			if !fails {
				w.onCall("scopes.Stop", func() {
					select {
					case <-saved:
					case <-time.After(time.Minute):
						t.Error("the unit's end comes first")
					}
				})
			}
			s.Reached = func(point string) error {
				switch {
				case point == "stop state" && fails:
					return errFault
				case point == "stop run directory" && !fails && w.runs[u].Run.State != StateShutoff:
					t.Errorf("the note says %s", w.runs[u].Run.State)
				}
				return nil
			}
			if err := s.Destroy(context.Background(), u); err != nil {
				t.Fatal(err)
			}
			if last := w.last[u]; last.State != StateShutoff || last.Reason != ReasonDestroyed || saves != 1 {
				t.Errorf("the last run is %s/%s, saved %d times", last.State, last.Reason, saves)
			}
		})
	}
}
