package cli

import (
	"strings"
	"testing"
)

// TestUnitNames: a unit's name is one that systemd takes unescaped, and a suffix is known by its dot and word.
func TestUnitNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"web": true, "a:b_c.d-e9": true, strings.Repeat("x", 200): true, strings.Repeat("x", 201): false, "": false,
		"a b": false, "größe": false, "a/b": false, "a@b": false, "a\\x2d": false, "a\n": false, "\xff": false,
	} {
		if isUnitName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	for suffix, want := range map[string]bool{".service": true, ".scope": true, ".mount": true, "service": false, ".conf": false, "": false} {
		if isUnitSuffix(suffix) != want {
			t.Errorf("%q: %v", suffix, !want)
		}
	}
}
