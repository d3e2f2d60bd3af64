package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRenameNew: a file gets a name that nothing has, also where the file system has no RENAME_NOREPLACE; what is there
// stays, and errors name the file.
func TestRenameNew(t *testing.T) {
	t.Parallel()
	for name, rename := range map[string]func(int, string, int, string, uint) error{
		"in one step": unix.Renameat2,
		"by links":    func(int, string, int, string, uint) error { return unix.EINVAL },
	} {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		for n, want := range []string{"", to} {
			if err := os.WriteFile(from, []byte{byte('0' + n)}, 0o600); err != nil {
				t.Fatal(err)
			}
			err := renameNew(from, to, rename)
			if want == "" && err != nil || want != "" && (!os.IsExist(err) || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s, %d: %v", name, n, err)
			}
			if text, _ := os.ReadFile(to); string(text) != "0" {
				t.Errorf("%s, %d: %q", name, n, text)
			}
			if _, err := os.Lstat(from); os.IsNotExist(err) != (want == "") {
				t.Errorf("%s, %d: %v", name, n, err)
			}
		}
	}
}
