package xattr

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/namespace"
)

// Thread is a thread of the program with a working directory of its own. It reads and writes attributes of files by
// their names in that directory: one lookup of one name, on all kernels. It is for one goroutine.
type Thread struct {
	dir int // -1: none of the caller's
}

// Apart runs f with a Thread, on a thread that ends with it, and returns its error.
func Apart(f func(*Thread) error) error {
	return namespace.Apart(nil, func() error {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("unshare the working directory: %w", err)
		}
		return f(&Thread{dir: -1})
	})
}

// Enter makes an open directory the working directory of the thread. A number that is given again is the same
// directory; see Leave.
func (t *Thread) Enter(dir int) error {
	if t.dir == dir {
		return nil
	}
	t.dir = -1
	if err := unix.Fchdir(dir); err != nil {
		return fmt.Errorf("change the directory: %w", err)
	}
	t.dir = dir
	return nil
}

// Leave says that a descriptor is about to be closed: its number may be another directory's next time.
func (t *Thread) Leave(dir int) {
	if t.dir == dir {
		t.dir = -1
	}
}

// Get reads an attribute of a file of the working directory, as Access.Get does. It follows no symbolic link. name is
// one name, without a slash.
func (*Thread) Get(name, attribute string, value []byte) (int, error) {
	for {
		n, err := unix.Lgetxattr(name, attribute, value)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// List reads the names of the attributes of a file of the working directory, as Access.List does, and follows no
// symbolic link.
func (*Thread) List(name string, names []byte) (int, error) {
	for {
		n, err := unix.Llistxattr(name, names)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// Set writes an attribute of a file of the working directory, and follows no symbolic link.
func (*Thread) Set(name, attribute string, value []byte) error {
	for {
		err := unix.Lsetxattr(name, attribute, value, 0)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Remove removes an attribute of a file of the working directory, and follows no symbolic link.
func (*Thread) Remove(name, attribute string) error { return unix.Lremovexattr(name, attribute) }
