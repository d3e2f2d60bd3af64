package initproc

import (
	"testing"

	"github.com/berthd/berth/internal/plan"
)

// TestMapped: an id is mapped when a range has it inside.
func TestMapped(t *testing.T) {
	t.Parallel()
	ranges := []plan.IDRange{{Inside: 0, Outside: 100000, Count: 10}, {Inside: 20, Outside: 5, Count: 1}, {Inside: 1<<32 - 2, Outside: 7, Count: 1}}
	for id, want := range map[int]bool{-1: false, 0: true, 9: true, 10: false, 19: false, 20: true, 21: false, 100000: false, 1<<32 - 2: true, 1<<32 - 1: false} {
		if got := mapped(ranges, id); got != want {
			t.Errorf("%d: %v", id, got)
		}
	}
	if mapped(nil, 0) {
		t.Error("nothing maps nothing")
	}
}
