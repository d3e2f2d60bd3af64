package mount

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Hold opens a file without a name in the file system of a directory. As long as it is open, the kernel
// lets nobody make that file system read-only (EBUSY), by mount(2), umount(2) of a root, or fsconfig(2).
//
// The file is opened in a mount of its own, which is attached nowhere. So neither the directory's mount
// nor any other is busy. It returns an error if the file system is read-only, full, or cannot make such a
// file (O_TMPFILE): NFS, FAT and FUSE cannot.
func Hold(dir *os.File) (*os.File, error) {
	fd, err := unix.OpenTree(int(dir.Fd()), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	runtime.KeepAlive(dir)
	if err != nil {
		return nil, &Error{Op: "open_tree", Object: dir.Name(), Err: err}
	}
	own := os.NewFile(uintptr(fd), dir.Name())
	defer func() { _ = own.Close() }()
	// The mount may be read-only although its file system is not.
	if err := setattr(own, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY, Propagation: unix.MS_PRIVATE}, One); err != nil {
		return nil, err
	}
	held, err := unix.Openat(fd, ".", unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open a file without a name", Path: dir.Name(), Err: err}
	}
	return os.NewFile(uintptr(held), dir.Name()), nil
}
