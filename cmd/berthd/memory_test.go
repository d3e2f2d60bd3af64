package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestMemory: what a burst leaves is given back once it is over, whatever work follows; nothing is done without work,
// nor with little memory, and seldom where nearly all is needed.
func TestMemory(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		held, left uint64 // MiB
		works      int    // times, every second
		freed      int
	}{
		"no work":           {200, 20, 0, 0},
		"little":            {30, 20, 100, 0},
		"a burst":           {200, 20, 1, 1},
		"work goes on":      {200, 20, 100, 1},
		"a few seconds":     {200, 199, 9, 2},
		"all is needed":     {200, 199, 100, 5},
		"needed for longer": {200, 199, 601, 13},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				held, freed := tc.held<<20, 0
				m := newMemory()
				m.held = func() uint64 { return held }
				m.free = func() { held, freed = tc.left<<20, freed+1 }
				for range tc.works {
					m.worked()
					time.Sleep(time.Second)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if m.mu.Lock(); m.set {
					t.Error("a timer runs")
				}
				m.mu.Unlock()
				if freed < tc.freed || freed > tc.freed+1 {
					t.Errorf("given back %d times, want %d", freed, tc.freed)
				}
			})
		})
	}
}

// spent is memory that nobody needs any more.
var spent [][]byte

// TestMemoryHeld: what the kernel has given is counted, and is less once it is given back.
func TestMemoryHeld(t *testing.T) {
	before := heldMemory()
	for range 64 {
		spent = append(spent, make([]byte, 1<<20))
	}
	if got := heldMemory(); got < before+48<<20 {
		t.Errorf("%d bytes before, and %d with 64 MiB more", before, got)
	}
	spent = nil
	newMemory().look()
	if got := heldMemory(); got > before+16<<20 {
		t.Errorf("%d bytes before, and %d after 64 MiB were given back", before, got)
	}
}
