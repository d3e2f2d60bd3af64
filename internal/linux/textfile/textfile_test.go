package textfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAppend: a file of any length is appended, and one that cannot be read adds nothing.
func TestAppend(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("a line\n"), 5000)
	path := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(path, long, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"long": {path + "\x00", "x" + string(long)}, "missing": {path + "er\x00", "x"}, "no end": {path, "x"}, "none": {"", "x"},
	} {
		if got := Append([]byte("x"), unix.AT_FDCWD, []byte(c.path)); string(got) != c.want {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(c.want))
		}
	}
}
