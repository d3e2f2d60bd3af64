package mount

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Parts clones the named files or directories of a detached tree, each as a detached mount of its own.
//
// Before Linux 6.15 the kernel clones only from mounts that are attached in this mount namespace
// (open_tree(2), EINVAL). So Parts attaches the tree to the directory at. It stays there,
// because an umount would wait for RCU. The tree must be private, as a
// new one is, and so must this mount namespace.
//
// Parts reads the tree's directory first. A FUSE server then returns all entries in one answer.
func Parts(tree *os.File, at string, names []string) (parts []*os.File, err error) {
	if err := list(tree); err != nil {
		return nil, err
	}
	dir, err := os.OpenFile(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	if err := Attach(tree, dir); err != nil {
		return nil, err
	}
	for _, name := range names {
		fd, err := unix.OpenTree(int(tree.Fd()), name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
		runtime.KeepAlive(tree)
		if err != nil {
			return parts, &Error{Op: "open_tree", Object: tree.Name() + "/" + name, Err: err}
		}
		parts = append(parts, os.NewFile(uintptr(fd), name))
	}
	return parts, nil
}

// list reads a directory and ignores the content.
func list(tree *os.File) error {
	fd, err := unix.Openat(int(tree.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(tree)
	if err != nil {
		return &Error{Op: "open", Object: tree.Name(), Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	if _, err := unix.Getdents(fd, make([]byte, 4<<10)); err != nil {
		return &Error{Op: "getdents", Object: tree.Name(), Err: err}
	}
	return nil
}
