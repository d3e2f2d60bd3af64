package labels

import (
	"io/fs"
	"path/filepath"
	"testing"
)

// TestTree: the tree has about as many files as were asked for, and about a tenth of them are directories.
func TestTree(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tree")
	if err := Tree(dir, 2000); err != nil {
		t.Fatal(err)
	}
	files, dirs := 0, 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		files++
		if err == nil && d.IsDir() {
			dirs++
		}
		return err
	})
	if err != nil || files < 1950 || files > 2050 || dirs < 150 || dirs > 250 {
		t.Errorf("%d files, %d of them directories: %v", files, dirs, err)
	}
}
