//go:build nest

package nest

import (
	"context"
	"testing"
)

// TestCycles: a container starts and is destroyed 300 times as fast as it goes, and berthd has no
// file open more.
func TestCycles(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	run(t, "berthctl", "destroy", "web")
	c := bus(t)
	path, err := c.ByName(context.Background(), "web")
	if err != nil {
		t.Fatal(err)
	}
	sparesReady(t) // one that is being born has more open
	open := len(descriptors(t, daemon(t)))
	for i := range 300 {
		if err := c.Start(context.Background(), path); err != nil {
			t.Fatalf("start %d: %v", i, err)
		}
		if err := c.Destroy(context.Background(), path); err != nil {
			t.Fatalf("destroy %d: %v", i, err)
		}
	}
	sparesReady(t)
	if now := len(descriptors(t, daemon(t))); now > open {
		t.Errorf("berthd had %d open files, and has %d", open, now)
	}
}
