package xattr

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOPath: an attribute is written, read and removed by a descriptor of O_PATH, with the calls of Linux 6.13 and
// without.
func TestOPath(t *testing.T) {
	t.Parallel()
	for _, at := range []bool{true, false} {
		a := access(t)
		a.at = a.at && at
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(file, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		value := make([]byte, 64)
		if _, err := a.Get(fd, "user.berth", value); !errors.Is(err, unix.ENODATA) {
			t.Errorf("before it is set: %v", err)
		}
		if err := a.Set(fd, "user.berth", []byte("text\x00")); err != nil {
			t.Fatal(err)
		}
		if n, err := a.Get(fd, "user.berth", value); err != nil || string(value[:n]) != "text\x00" {
			t.Errorf("read %q: %v", value[:n], err)
		}
		if _, err := a.Get(fd, "user.berth", value[:2]); !errors.Is(err, unix.ERANGE) {
			t.Errorf("into two bytes: %v", err)
		}
		if err := a.Remove(fd, "user.berth"); err != nil {
			t.Error(err)
		}
		if err := a.Remove(fd, "user.berth"); !errors.Is(err, unix.ENODATA) {
			t.Errorf("removed twice: %v", err)
		}
	}
}

// TestSymbolicLink: the attribute of a symbolic link is the link's own, never that of the file that it leads to.
func TestSymbolicLink(t *testing.T) {
	t.Parallel()
	for _, at := range []bool{true, false} {
		a := access(t)
		a.at = a.at && at
		dir := t.TempDir()
		file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink("file", link)); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(link, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		// The kernel refuses attributes of users on links.
		if err := a.Set(fd, "user.berth", []byte("text")); !errors.Is(err, unix.EPERM) {
			t.Errorf("set: %v", err)
		}
		if n, err := unix.Getxattr(file, "user.berth", nil); !errors.Is(err, unix.ENODATA) {
			t.Errorf("the file has %d bytes: %v", n, err)
		}
	}
}

func access(t *testing.T) *Access {
	t.Helper()
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}
