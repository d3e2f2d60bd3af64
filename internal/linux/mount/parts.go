package mount

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Parts clones files or directories of a detached tree, by their names in it, each as a detached mount
// of its own. The tree must be private, as a new one is, and this mount namespace too: the kernel clones
// only what is attached in it (open_tree(2), EINVAL; allowed from 6.15), so the tree is attached on the
// root, for the moment, and is gone afterwards. The working directory is the root then.
func Parts(tree *os.File, names []string) ([]*os.File, error) {
	root, err := os.OpenFile("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	if err := Attach(tree, root); err != nil {
		return nil, err
	}
	parts := make([]*os.File, 0, len(names))
	for _, name := range names {
		fd, err := unix.OpenTree(int(tree.Fd()), name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
		if err != nil {
			return parts, &Error{Op: "open_tree", Object: tree.Name() + "/" + name, Err: err}
		}
		parts = append(parts, os.NewFile(uintptr(fd), name))
	}
	err = unix.Fchdir(int(tree.Fd()))
	runtime.KeepAlive(tree)
	if err != nil {
		return parts, &Error{Op: "fchdir", Object: tree.Name(), Err: err}
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return parts, &Error{Op: "umount", Object: tree.Name(), Err: err}
	}
	if err := unix.Chdir("/"); err != nil {
		return parts, &Error{Op: "chdir", Object: "/", Err: err}
	}
	return parts, nil
}
