package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// TestMemoryLimits: the limits of a definition become the scope's MemoryMax, MemoryHigh and
// MemorySwapMax in bytes.
func TestMemoryLimits(t *testing.T) {
	t.Parallel()
	n := func(v uint64) *uint64 { return &v }
	type figures struct{ Max, High, Swap *uint64 }
	const infinity = plan.Infinity
	for name, tc := range map[string]struct {
		memory domain.Memory // KiB
		want   figures       // bytes
	}{
		"memory alone":        {domain.Memory{Max: 64}, figures{Max: n(64 << 10)}},
		"hard limit":          {domain.Memory{Max: 64, HardLimit: n(32)}, figures{Max: n(32 << 10)}},
		"hard limit above":    {domain.Memory{Max: 64, HardLimit: n(128)}, figures{Max: n(128 << 10)}},
		"no hard limit":       {domain.Memory{Max: 64, HardLimit: n(domain.Unlimited)}, figures{Max: n(infinity)}},
		"soft limit":          {domain.Memory{Max: 64, SoftLimit: n(16)}, figures{Max: n(64 << 10), High: n(16 << 10)}},
		"no soft limit":       {domain.Memory{Max: 64, SoftLimit: n(domain.Unlimited)}, figures{Max: n(64 << 10), High: n(infinity)}},
		"swap":                {domain.Memory{Max: 64, SwapHardLimit: n(96)}, figures{Max: n(64 << 10), Swap: n(32 << 10)}},
		"swap, hard limit":    {domain.Memory{Max: 64, HardLimit: n(80), SwapHardLimit: n(96)}, figures{Max: n(80 << 10), Swap: n(16 << 10)}},
		"no swap":             {domain.Memory{Max: 64, SwapHardLimit: n(64)}, figures{Max: n(64 << 10), Swap: n(0)}},
		"unlimited swap":      {domain.Memory{Max: 64, SwapHardLimit: n(domain.Unlimited)}, figures{Max: n(64 << 10), Swap: n(infinity)}},
		"unlimited both ways": {domain.Memory{Max: 64, HardLimit: n(domain.Unlimited), SwapHardLimit: n(domain.Unlimited)}, figures{Max: n(infinity), Swap: n(infinity)}},
		"the largest":         {domain.Memory{Max: domain.Unlimited - 1}, figures{Max: n((domain.Unlimited - 1) << 10)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Scope(&domain.Def{Memory: tc.memory})
			got := figures{s.MemoryMax, s.MemoryHigh, s.MemorySwapMax}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestDevices: every container may use the same nine devices. One that keeps mknod may make any
// other node, but not open it.
func TestDevices(t *testing.T) {
	t.Parallel()
	var got []string
	for _, d := range devicesAllowed(false) {
		got = append(got, d.Path+" "+d.Access)
	}
	want := []string{
		"/dev/null rwm", "/dev/zero rwm", "/dev/full rwm", "/dev/random rwm", "/dev/urandom rwm",
		"/dev/tty rwm", "/dev/ptmx rwm", "char-pts rwm", "/dev/fuse rwm",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	more := devicesAllowed(true)
	if !slices.Equal(more[:len(want)], devicesAllowed(false)) {
		t.Errorf("the common ones are not there: %v", more)
	}
	for _, d := range more[len(want):] {
		if !strings.HasSuffix(d.Path, "-*") || d.Access != "m" {
			t.Errorf("%+v", d)
		}
	}
	if len(more) != len(want)+2 {
		t.Errorf("%d entries", len(more))
	}
}
