package mount

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// ReadOnlyAt makes a path below a directory of the kernel's (proc, sysfs) read-only, by a mount of itself. It does nothing if
// there is no such path. It does not follow a symbolic link at the end. The directory must have none on the way.
func ReadOnlyAt(dir *os.File, path string) error {
	fd, err := unix.OpenTree(int(dir.Fd()), path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	runtime.KeepAlive(dir)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return &Error{Op: "open_tree", Object: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY, Propagation: unix.MS_PRIVATE}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		return &Error{Op: "mount_setattr", Object: path, Attr: ReadOnly, Err: err}
	}
	return attachAt(fd, dir, path)
}

// Mask covers a path below a directory, like that of ReadOnlyAt, with an empty directory or file, which is read-only. It
// does nothing if there is no such path.
func (b *Below) Mask(dir *os.File, path string) error {
	var st unix.Statx_t
	err := unix.Statx(int(dir.Fd()), path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_TYPE, &st)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	name := emptyFile
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		name = emptyDir
	}
	fd, err := unix.OpenTree(int(b.dir.Fd()), name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	runtime.KeepAlive(b.dir)
	if err != nil {
		return &Error{Op: "open_tree", Object: "nothing, for " + path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	return attachAt(fd, dir, path)
}

func attachAt(m int, dir *os.File, path string) error {
	err := unix.MoveMount(m, "", int(dir.Fd()), path, unix.MOVE_MOUNT_F_EMPTY_PATH)
	runtime.KeepAlive(dir)
	if err != nil {
		return &Error{Op: "move_mount", Object: path, Err: err}
	}
	return nil
}
