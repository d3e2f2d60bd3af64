//go:build nest

package units_test

import (
	"testing"
	"time"
)

// TestEndedInANest: the name of a scope whose process has ended is free at once, however young the scope is.
func TestEndedInANest(t *testing.T) {
	h := connect(t)
	for range 10 {
		for _, age := range []time.Duration{0, time.Millisecond, 9 * time.Millisecond, 19 * time.Millisecond, 40 * time.Millisecond} {
			sleep := spawn(t, "sleep", "100")
			s := scope(sleep)
			if _, err := h.client.Start(within(t, 10*time.Second), s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(age)
			end(sleep)
			if err := h.client.Ended(within(t, 10*time.Second), s.Name); err != nil {
				t.Fatalf("after %v: %v", age, err)
			}
			gone(t, s.Name)
		}
	}
}
