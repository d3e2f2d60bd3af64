package domain

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestCorpus: each document of testdata/corpus has the result that is stated beside it: it is accepted with this
// inactive XML and these warnings, or refused with this error.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files := documents(t, "testdata", "corpus", "*.xml")
	if len(files) < 120 {
		t.Errorf("%d documents are left", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(string(load(t, file)), "arch='x86_64'", "arch='"+hostArch()+"'")
			golden(t, strings.TrimSuffix(file, ".xml")+".golden", result(t, text))
		})
	}
}

// result says what becomes of a document.
func result(t *testing.T, text string) string {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		return "refused: " + err.Error() + "\n"
	}
	fixpoint(t, d, notYetSupported())
	live := format(t, d, FormatOptions{Live: &Live{ID: 4711}})
	again, err := Parse([]byte(live))
	if err != nil {
		t.Fatalf("its live XML is refused: %v", err)
	}
	fixpoint(t, again, notYetSupported())
	said := "accepted\n"
	for _, m := range WithoutEffect([]byte(text)) {
		said += fmt.Sprintf("without effect: %s: %s (line %d)\n", m.Element, m.Text, m.Line)
	}
	return said + format(t, d, FormatOptions{}) + "\n"
}
