package peers

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFloorWaits: a child of the floor makes its control group namespace only when it is in its group, and executes
// init only when it is registered.
func TestFloorWaits(t *testing.T) {
	t.Parallel()
	all := []string{
		"wait for the control group", "unshare the cgroup namespace", "mount /sys/fs/cgroup", "wait for the registration", "execve",
	}
	var got []string
	for _, c := range floorCalls("bench0", handed{}) {
		if slices.Contains(all, c.Name) {
			got = append(got, c.Name)
		}
	}
	if diff := cmp.Diff(all, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// TestFloorScope: the floor's scope has the name, the slice, the limit and the devices that berth's has.
func TestFloorScope(t *testing.T) {
	t.Parallel()
	s, err := scopeOf("bench0", "/run/r")
	if err != nil {
		t.Fatal(err)
	}
	got := []any{s.Name, s.Slice, *s.MemoryMax, len(s.Devices) > 5, s.PID}
	if diff := cmp.Diff([]any{"machine-bench0.scope", "machine.slice", uint64(64 << 20), true, uint32(0)}, got); diff != "" {
		t.Errorf("scope (-want +got):\n%s", diff)
	}
}
