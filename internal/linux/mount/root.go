package mount

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// MakePrivate ends all mount propagation between this mount namespace and others.
func MakePrivate() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return &Error{Op: "mount --make-rprivate", Object: "/", Err: err}
	}
	return nil
}

// Pivot attaches a detached tree to a directory, makes it the root of this mount namespace and
// unmounts the old root. Afterwards the working directory is the new root.
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
	// pivot_root(".", ".") stacks the old root on the new one (pivot_root(2)). So the image needs no
	// directory for the old root.
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

// Detach lazily unmounts the mount on path and all mounts below it (MNT_DETACH). It returns nil if path
// is missing or not a mount point.
func Detach(path string) error {
	err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return &Error{Op: "umount", Object: path, Err: err}
	}
	return nil
}
