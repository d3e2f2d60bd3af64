package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBeginning: of a long file whole lines are read, as many as fit, and of a short one all.
func TestBeginning(t *testing.T) {
	t.Parallel()
	const text = "one\ntwo\nthree"
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int64]string{3: "", 4: "one\n", 7: "one\n", 8: "one\ntwo\n", 12: "one\ntwo\n", 14: text, 100: text} {
		if got, err := beginning(file, most); got != want || err != nil {
			t.Errorf("%d bytes: %q, %v", most, got, err)
		}
	}
	if _, err := beginning(file+"x", 1); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a missing file: %v", err)
	}
}
