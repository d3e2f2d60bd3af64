package mount

import (
	"errors"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Enter has the calling thread enter a mount namespace. Its root and working directory are those of the namespace then,
// so the thread must end.
func Enter(ns *os.File) error {
	err := unix.Unshare(unix.CLONE_FS) // the kernel lets no thread in that shares these with others
	if err == nil {
		err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNS)
		runtime.KeepAlive(ns)
	}
	if err != nil {
		return &Error{Op: "setns", Object: "the mount namespace", Err: err}
	}
	return nil
}

// Single returns a detached mount of one file alone, in a new file system. fill makes the file and returns its name. It
// changes the calling thread's mount namespace, so the thread must end.
func Single(fstype string, options []Option, attr Attr, fill func(fs *os.File) (name string, err error)) (*os.File, error) {
	fs, err := New(fstype, options, attr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = fs.Close() }()
	name, err := fill(fs)
	if err != nil {
		return nil, err
	}
	// The kernel copies no part of a mount that is attached nowhere.
	if err := Unshare(); err != nil {
		return nil, err
	}
	dir, err := os.OpenFile(Shelf, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	if err := Attach(fs, dir); err != nil {
		return nil, err
	}
	fd, err := unix.OpenTree(int(fs.Fd()), name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	runtime.KeepAlive(fs)
	if err != nil {
		return nil, &Error{Op: "open_tree", Object: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// DetachFrom lazily unmounts the mount whose root a descriptor is of, which is in a mount namespace. It changes the
// calling thread's mount namespace and directories, so the thread must end. It returns nil if the file is no root of a
// mount there.
func DetachFrom(ns, root *os.File) error {
	// umount(2) takes a path only. That of a descriptor, in the host's proc, leads to its mount without resolving anything
	// inside, and a working directory stays as it is in another namespace.
	self, err := os.OpenFile("/proc/self/fd", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = self.Close() }()
	if err := Enter(ns); err != nil {
		return err
	}
	if err := unix.Fchdir(int(self.Fd())); err != nil {
		return &Error{Op: "fchdir", Object: self.Name(), Err: err}
	}
	err = unix.Unmount(strconv.Itoa(int(root.Fd())), unix.MNT_DETACH)
	runtime.KeepAlive(root)
	if err != nil && !errors.Is(err, unix.EINVAL) {
		return &Error{Op: "umount", Object: root.Name(), Err: err}
	}
	return nil
}
