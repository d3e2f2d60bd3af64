package mount

import (
	"errors"
	"os"
	"runtime"
	"strconv"

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

// Below is the small file system below a root, of PivotOver and RootOver.
type Below struct{ dir *os.File }

// Close closes the descriptor. The file system stays.
func (b *Below) Close() error {
	if b == nil {
		return nil
	}
	return b.dir.Close()
}

// The empty file and directory of a Below.
const (
	emptyFile = "file"
	emptyDir  = "dir"
)

// PivotOver is like Pivot, and puts a read-only tmpfs below the new root. Other detached trees are
// attached in it, so that they stay in the mount namespace. No path leads there, and no mount table of a
// process in the root shows it. Who may unmount the root could get at it.
func PivotOver(tree *os.File, at string, kept []*os.File) (*Below, error) {
	return over(tree, kept, func(tmpfs *os.File) error { return Pivot(tmpfs, at) })
}

// RootOver is like PivotOver, but leaves the old root where it is, below the tmpfs: it is that of a namespace of Bare.
// pivot_root(2) looks at every thread of the host.
func RootOver(tree *os.File, kept []*os.File) (*Below, error) {
	return over(tree, kept, func(tmpfs *os.File) error {
		root, err := os.OpenFile("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = root.Close() }()
		return Attach(tmpfs, root)
	})
}

// over makes a tree the root, over a tmpfs that place has put over the old root.
func over(tree *os.File, kept []*os.File, place func(tmpfs *os.File) error) (*Below, error) {
	tmpfs, err := New("tmpfs", []Option{{"mode", "0"}}, NoSUID|NoDev|NoExec)
	if err != nil {
		return nil, err
	}
	b := &Below{tmpfs}
	if err = place(b.dir); err == nil {
		err = b.fill(kept)
	}
	if err == nil {
		err = b.cover(tree)
	}
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

// fill fills the tmpfs, and makes it read-only.
func (b *Below) fill(kept []*os.File) error {
	for i, k := range kept {
		if err := put(k, b.dir, strconv.Itoa(i)); err != nil {
			return err
		}
	}
	fd := int(b.dir.Fd())
	err := errors.Join(unix.Mkdirat(fd, emptyDir, 0o555), unix.Mknodat(fd, emptyFile, unix.S_IFREG|0o444, 0))
	runtime.KeepAlive(b.dir)
	if err != nil {
		return &os.PathError{Op: "create", Path: "below the root", Err: err}
	}
	return SetAttr(b.dir, ReadOnly, One)
}

// cover attaches the tree over the tmpfs, and enters it.
func (b *Below) cover(tree *os.File) error {
	if err := Attach(tree, b.dir); err != nil {
		return err
	}
	err := unix.Fchdir(int(tree.Fd()))
	runtime.KeepAlive(tree)
	if err != nil {
		return &Error{Op: "fchdir", Object: tree.Name(), Err: err}
	}
	// To the kernel this is no chroot: the root is the topmost mount on the root of the namespace.
	if err := unix.Chroot("."); err != nil {
		return &Error{Op: "chroot", Object: tree.Name(), Err: err}
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
