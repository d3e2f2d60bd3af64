package unlinked

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWatch: each file that leaves the directory is told by its name, in order, and nothing else that happens there.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	long := strings.Repeat("x", 255)
	seen := make(chan string, 10)
	w, err := New(dir, func(name string) { seen <- name })
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{`machine-a\x2db.scope`, long, "moved", "stays", "last"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(os.Remove(filepath.Join(dir, `machine-a\x2db.scope`)), os.Remove(filepath.Join(dir, long)),
		os.Rename(filepath.Join(dir, "moved"), filepath.Join(other, "moved")), os.Remove(filepath.Join(dir, "last")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`machine-a\x2db.scope`, long, "moved", "last"} {
		if got := <-seen; got != want {
			t.Errorf("removed: %q, want %q", got, want)
		}
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "stays")); err != nil {
		t.Fatal(err)
	}
	if len(seen) > 0 {
		t.Errorf("after the end: %q", <-seen)
	}
}

// TestWatchOfNothing: a directory that is not there, or is a file, is an error.
func TestWatchOfNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := New(filepath.Join(dir, "missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(file, nil); err == nil {
		t.Error("a file is watched")
	}
}
