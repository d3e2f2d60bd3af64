package mount

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// MakePrivate stops all propagation between this mount namespace and others.
func MakePrivate() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return &Error{Op: "mount --make-rprivate", Object: "/", Err: err}
	}
	return nil
}

// Pivot attaches a detached tree on a directory, makes it the root of this mount namespace and
// drops the old root. Afterwards the working directory is the new root.
func Pivot(tree *os.File, at string) error {
	dir, err := os.OpenFile(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := Attach(tree, dir); err != nil {
		return err
	}
	err = unix.Fchdir(int(tree.Fd()))
	runtime.KeepAlive(tree)
	if err != nil {
		return &Error{Op: "fchdir", Object: tree.Name(), Err: err}
	}
	// pivot_root(2), "pivot_root(".", ".")": the old root is stacked on the new one, no directory
	// for it is needed, and nothing stays behind in the image.
	if err := unix.PivotRoot(".", "."); err != nil {
		return &Error{Op: "pivot_root", Object: tree.Name(), Err: err}
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return &Error{Op: "umount", Object: "the old root", Err: err}
	}
	if err := unix.Chdir("/"); err != nil {
		return &Error{Op: "chdir", Object: "/", Err: err}
	}
	return nil
}

// Detach lazily unmounts what is mounted on a path of this namespace's root, with all below it.
// A path that is no mount point is fine.
func Detach(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return &Error{Op: "umount", Object: path, Err: err}
	}
	return nil
}
