package domain

import "testing"

// TestExcludesRoot: a map is private only if neither a user nor a group of the container is the host's root.
func TestExcludesRoot(t *testing.T) {
	t.Parallel()
	private, root := IDRange{0, 100000, 65536}, IDRange{1000, 0, 1}
	for name, tt := range map[string]struct {
		m    IDMap
		want bool
	}{
		"no user namespace": {IDMap{}, false},
		"private":           {IDMap{[]IDRange{private}, []IDRange{private}}, true},
		"the user":          {IDMap{[]IDRange{private, root}, []IDRange{private}}, false},
		"the group":         {IDMap{[]IDRange{private}, []IDRange{private, root}}, false},
	} {
		if got := tt.m.ExcludesRoot(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
