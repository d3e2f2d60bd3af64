package lxcconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/lxcconf/syntax"
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
		if *update {
			if err := os.WriteFile(beside+".golden", []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(beside + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if strings.HasPrefix(got, "error: ") || strings.Contains(got, "has to be changed") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
