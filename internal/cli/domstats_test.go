package cli

import "testing"

// TestLibvirtStates: domstats has libvirt's number of each state and reason.
func TestLibvirtStates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		state, reason string
		s, r          uint64
	}{
		{"running", "unknown", 1, 0},
		{"running", "booted", 1, 1},
		{"running", "unpaused", 1, 5},
		{"paused", "user", 3, 1},
		{"stopping", "booted", 4, 1},
		{"starting", "unknown", 5, 0},
		{"shutoff", "unknown", 5, 0},
		{"shutoff", "shutdown", 5, 1},
		{"shutoff", "destroyed", 5, 2},
		{"shutoff", "failed", 5, 6},
		{"shutoff", "oom", 5, 6},
		{"running", "newer", 1, 0},
	} {
		if s, r := libvirtState(tc.state, tc.reason); s != tc.s || r != tc.r {
			t.Errorf("%s (%s) is %d (%d), not %d (%d)", tc.state, tc.reason, s, r, tc.s, tc.r)
		}
	}
}
