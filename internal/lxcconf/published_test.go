package lxcconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/test/goldenfile"
)

// TestPublished: configurations in the ways that people publish them become the definition and the warnings of their
// golden files. No warning says that a definition has to be changed. The containers run in test/nest.
func TestPublished(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/published/*.conf")
	if err != nil || len(names) < 30 {
		t.Fatalf("%d configurations: %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		beside := strings.TrimSuffix(name, ".conf")
		read := func(path string) ([]syntax.Source, error) {
			if filepath.Base(path) != "fstab" {
				return readFiles(path)
			}
			text, err := os.ReadFile(beside + ".fstab")
			return []syntax.Source{{Name: path, Text: string(text)}}, err
		}
		got := golden(Convert("config", string(text), Options{Read: read}))
		goldenfile.Check(t, beside+".golden", got)
		if strings.HasPrefix(got, "error: ") || strings.Contains(got, "has to be changed") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
