package dropins

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWatch: a file is told when it has drop-ins already, when it gets its first one, and when it gets another; a file
// that is made is not.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file+".new", nil, 0o600), os.Rename(file+".new", file)); err != nil {
			t.Fatal(err)
		}
	}
	write("old.scope.d/50-A.conf")
	seen := make(chan string, 100)
	w, err := New(dir, func(name string) { seen <- name })
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	next := func(want string) {
		t.Helper()
		for got := range seen { // one change may be told several times
			if got == want {
				last = want
				return
			}
			if got != last {
				t.Fatalf("told of %q, want %q", got, want)
			}
		}
	}
	next("old.scope")
	write("web.scope")
	write("web.scope.d/50-A.conf")
	next("web.scope")
	write("old.scope.d/50-B.conf")
	next("old.scope")
	write("web.scope.d/50-A.conf")
	next("web.scope")
	if err := os.RemoveAll(filepath.Join(dir, "old.scope.d")); err != nil {
		t.Fatal(err)
	}
	write("old.scope.d/50-B.conf")
	next("old.scope")
	for range 2 {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := New(filepath.Join(dir, "none"), func(string) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}
