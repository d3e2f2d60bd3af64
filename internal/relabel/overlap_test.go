package relabel

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOverlap: two trees overlap if they are the same, or one is in the other, also by a symbolic link, and an image by the
// directory that it is in; the host's root and what is not there overlap with nothing.
func TestOverlap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.MkdirAll(at("web/srv/data"), 0o755))
	must(t, os.MkdirAll(at("web2"), 0o755))
	must(t, os.WriteFile(at("web/image"), nil, 0o600))
	must(t, os.Symlink("web/srv", at("link")))
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
		for _, pair := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			a, b := at(pair[0]), at(pair[1])
			tree, other := Overlap([]string{at("nothing"), a}, []string{at("web2/nothing"), b})
			if tc.want && (tree != a || other != b) || !tc.want && tree+other != "" {
				t.Errorf("%s and %s: %q, %q", a, b, tree, other)
			}
		}
	}
	if tree, other := Overlap([]string{"/"}, []string{at("web"), "/"}); tree+other != "" {
		t.Errorf("the host's root: %q, %q", tree, other)
	}
}
