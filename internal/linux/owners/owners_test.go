package owners

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestDirectories: only directories tell, and no symbolic link leads to one, neither at the end of a name nor on the way.
func TestDirectories(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "usr", "lib"), 0o755), os.MkdirAll(filepath.Join(outside, "bin"), 0o755),
		os.Symlink("usr/lib", filepath.Join(dir, "lib")), os.Symlink(outside, filepath.Join(dir, "var")),
		os.WriteFile(filepath.Join(dir, "etc"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	top, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = top.Close() }()
	got, err := Directories(top, []string{"", "lib", "etc", "missing", "missing/too", "etc/too", "usr/lib", "lib/too", "var", "var/bin", "usr"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got {
		names = append(names, f.Name)
		if int(f.UID) != os.Getuid() {
			t.Errorf("%q belongs to %d", f.Name, f.UID)
		}
	}
	if len(names) != 3 || names[0] != "" || names[1] != "usr/lib" || names[2] != "usr" {
		t.Errorf("%q tell", names)
	}
}
