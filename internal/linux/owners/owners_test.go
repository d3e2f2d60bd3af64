package owners

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestDirectories: only directories tell, and no symbolic link leads to one, neither at the end of a name nor on the
// way.
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

// TestAbove: the directories above a directory or a file are visited one after the other, as long as somebody wants
// that, up to the root of the mount; no descriptor is left open.
func TestAbove(t *testing.T) {
	dir := t.TempDir()
	deep, file := filepath.Join(dir, "a/b/c"), filepath.Join(dir, "a/b/file")
	if err := errors.Join(os.MkdirAll(deep, 0o755), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	open := func() int {
		list, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := open()
	for _, path := range []string{deep, file, "/", "/proc/self/task", "/proc/self/status"} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var above []string
		errWant := errors.New("enough")
		for _, tc := range []struct {
			more bool
			err  error
		}{{true, nil}, {false, nil}, {false, errWant}} {
			above = nil
			err := Above(f, func(up *os.File) (bool, error) {
				above = append(above, PathOf(up))
				return tc.more, tc.err
			})
			if !errors.Is(err, tc.err) && len(above) > 0 {
				t.Errorf("%s: %v", path, err)
			}
			switch path {
			case deep, file:
				want := filepath.Dir(path)
				if len(above) == 0 || above[0] != want || !tc.more && len(above) != 1 || tc.more && (len(above) < 3 || above[1] != filepath.Dir(want)) {
					t.Errorf("above %s are %v", path, above)
				}
			case "/":
				if len(above) > 0 {
					t.Errorf("above the root are %v", above)
				}
			default:
				if last := above[len(above)-1]; tc.more && last != "/proc" {
					t.Errorf("the last one above %s is %s", path, last)
				}
			}
		}
		_ = f.Close()
	}
	if after := open(); after != before {
		t.Errorf("%d descriptors are open, and %d were", after, before)
	}
}
