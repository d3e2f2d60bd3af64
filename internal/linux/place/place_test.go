package place

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestAbove: a directory has itself first and the root directory last, whatever path it was opened by, and no
// descriptor stays open. The test does not run beside others, since it counts descriptors.
func TestAbove(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	above := func(path string) []Place {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		list, err := Above(int(f.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	above("/") // the runtime has opened what it needs by then
	before := open()
	root, top, deep := above("/"), above(dir), above(filepath.Join(dir, "link/b"))
	if len(root) != 1 || !slices.Equal(deep[2:], top) || top[len(top)-1] != root[0] {
		t.Errorf("%v, %v, %v", root, top, deep)
	}
	if _, err := Above(-1); err == nil {
		t.Error("no descriptor has a place")
	}
	if after := open(); after != before {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}
