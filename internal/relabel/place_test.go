package relabel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestAbove: the places of two trees tell whether they are the same, or one is in the other, also by a symbolic link,
// and an image by the directory that it is in; what is not there has none, and the host's root only its own.
func TestAbove(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), relabeler(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.MkdirAll(at("web/srv/data"), 0o755))
	must(t, os.MkdirAll(at("web2"), 0o755))
	must(t, os.WriteFile(at("web/image"), nil, 0o600))
	must(t, os.Symlink("web/srv", at("link")))
	above := func(name string) []Place {
		up, err := r.Above(t.Context(), at(name))
		must(t, err)
		return up
	}
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"web", "web", true},
		{"web", "web/srv/data", true},
		{"link", "web/srv", true},
		{"link", "web", true},
		{"link/data", "web/srv/data", true},
		{"web/image", "web", true},
		{"web/image", "web/srv", false},
		{"web", "web2", false},
		{"web", "missing", false},
		{"missing", "missing", false},
	} {
		a, b := above(tc.a), above(tc.b)
		if got := len(a) > 0 && len(b) > 0 && (slices.Contains(a, b[0]) || slices.Contains(b, a[0])); got != tc.want {
			t.Errorf("%s and %s: %v, %v", tc.a, tc.b, a, b)
		}
	}
	if up, err := r.Above(t.Context(), "/"); len(up) != 1 || err != nil {
		t.Errorf("the host's root: %v, %v", up, err)
	}
}
