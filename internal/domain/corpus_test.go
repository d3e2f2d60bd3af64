package domain

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// documents are the XML files of a directory.
func documents(t testing.TB, pattern ...string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %d files, %v", pattern, len(files), err)
	}
	return files
}

func load(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// golden compares got with a file. The host's architecture has a word of its own in the file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "arch='"+hostArch()+"'", "arch='HOST'")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(load(t, file)), got); diff != "" {
		t.Errorf("%s (-golden +now):\n%s", file, diff)
	}
}

func format(t testing.TB, d *Def, o FormatOptions) string {
	t.Helper()
	text, err := d.Format(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fixpoint checks that what is formatted reads as what it was formatted from.
func fixpoint(t testing.TB, d *Def, gate map[string]string) {
	t.Helper()
	text := format(t, d, FormatOptions{Run: true})
	again, err := parse([]byte(text), gate)
	if err != nil {
		t.Fatalf("formatted, it is refused: %v\n%s", err, text)
	}
	if diff := cmp.Diff(d, again); diff != "" {
		t.Errorf("formatted, it is another:\n%s", diff)
	}
	if diff := cmp.Diff(text, format(t, again, FormatOptions{Run: true})); diff != "" {
		t.Errorf("formatted twice, the text differs:\n%s", diff)
	}
}

// TestServed: each document of the corpus is a definition, is formatted as its golden files, and
// reads as itself.
func TestServed(t *testing.T) {
	t.Parallel()
	for _, file := range documents(t, "testdata", "served", "*.xml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			d, err := Parse(load(t, file))
			if err != nil {
				t.Fatal(err)
			}
			stem := strings.TrimSuffix(file, ".xml")
			golden(t, stem+".golden", format(t, d, FormatOptions{})+"\n")
			live := format(t, d, FormatOptions{Live: &Live{ID: 4711}})
			golden(t, stem+".live.golden", live+"\n")
			fixpoint(t, d, notYetSupported())
			if _, err := Parse([]byte(live)); err != nil {
				t.Errorf("its live XML cannot be defined: %v", err)
			}
		})
	}
}

// TestExamples: each file in examples/ is a definition and reads as itself.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, file := range documents(t, "..", "..", "examples", "*.xml") {
		d, err := Parse(load(t, file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		fixpoint(t, d, notYetSupported())
	}
}
