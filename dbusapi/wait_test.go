package dbusapi

import (
	"testing"
	"time"
)

// patience is for what must happen, on a machine that is as busy as it likes.
const patience = time.Minute

// waitFor waits for a condition.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
