package supervisor

import (
	"slices"
	"testing"

	"github.com/berthd/berth/internal/plan"
)

// TestEnvironment: a command has init's environment. The user's home and then the caller's variables replace those of
// the same name.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	init := []string{"PATH=/bin", "HOME=/", "container=x"}
	for name, tc := range map[string]struct {
		user, home string
		more, want []string
	}{
		"init's":       {"", "", nil, init},
		"a user's":     {"web", "/srv", nil, []string{"PATH=/bin", "HOME=/srv", "container=x"}},
		"without home": {"7", "", nil, []string{"PATH=/bin", "HOME=/", "container=x"}},
		"the caller's": {"web", "/srv", []string{"HOME=/x", "A=b=c", "A=", "PATH"}, []string{"PATH", "HOME=/x", "container=x", "A="}},
	} {
		if got := environment(init, tc.user, tc.home, tc.more); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestOutside: an id of the container is one of the host only if a range maps it.
func TestOutside(t *testing.T) {
	t.Parallel()
	ranges := []plan.IDRange{{Inside: 0, Outside: 100000, Count: 10}, {Inside: 20, Outside: 5, Count: 1}}
	for id, want := range map[int]int{0: 100000, 9: 100009, 20: 5} {
		if got, ok := outside(ranges, id); got != want || !ok {
			t.Errorf("%d: %d, %v", id, got, ok)
		}
	}
	for _, id := range []int{-1, 10, 21} {
		if got, ok := outside(ranges, id); ok {
			t.Errorf("%d: %d", id, got)
		}
	}
}
