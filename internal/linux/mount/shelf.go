package mount

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// emptyDir is the empty directory on the shelf.
const emptyDir = "dir"

// Shelf is the directory for Shelve, Cover and Take. Every host with systemd has it.
const Shelf = "/run"

// Unshare gives the calling thread a mount namespace of its own, a copy of the one that it was in. There
// is no propagation between the two.
//
// If the thread is in another user namespace than the one that owns the old mount namespace, the kernel
// locks every mount of the copy: nobody in that user namespace can clear its flags, change its atime
// flag, or unmount it to see what is below (mount_namespaces(7)).
func Unshare() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return &Error{Op: "unshare", Object: "the mount namespace", Err: err}
	}
	return MakePrivate()
}

// Shelve attaches detached trees to a new tmpfs on the directory at. They go to the files or directories
// 0, 1, 2 and so on.
func Shelve(trees []*os.File, at string) error {
	shelf, err := New("tmpfs", nil, NoSUID|NoDev|NoExec)
	if err != nil {
		return err
	}
	defer func() { _ = shelf.Close() }()
	dir, err := os.OpenFile(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := Attach(shelf, dir); err != nil {
		return err
	}
	for i, tree := range trees {
		if err := put(tree, shelf, strconv.Itoa(i)); err != nil {
			return err
		}
	}
	if err := unix.Mkdirat(int(shelf.Fd()), emptyDir, 0o555); err != nil {
		return &os.PathError{Op: "create", Path: emptyDir, Err: err}
	}
	return nil
}

func put(tree, shelf *os.File, name string) error {
	isDir, err := IsDir(tree)
	if err != nil {
		return err
	}
	if isDir {
		err = unix.Mkdirat(int(shelf.Fd()), name, 0o700)
	} else {
		err = unix.Mknodat(int(shelf.Fd()), name, unix.S_IFREG|0o600, 0)
	}
	if err != nil {
		return &os.PathError{Op: "create", Path: name, Err: err}
	}
	err = unix.MoveMount(int(tree.Fd()), "", int(shelf.Fd()), name, unix.MOVE_MOUNT_F_EMPTY_PATH)
	runtime.KeepAlive(tree)
	runtime.KeepAlive(shelf)
	if err != nil {
		return &Error{Op: "move_mount", Object: tree.Name() + " on " + name, Err: err}
	}
	return nil
}

// Cover mounts an empty directory over a path in the tree i that Shelve has attached. What was there cannot be
// seen any more. An umount would wait for RCU. It does nothing if there is no such path.
func Cover(at string, i int, path string) error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, at+"/"+emptyDir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return &Error{Op: "open_tree", Object: "an empty directory", Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	target := filepath.Join(onShelf(at, i), path)
	err = unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return &Error{Op: "move_mount", Object: "an empty directory on " + path, Err: err}
	}
	return nil
}

func onShelf(at string, i int) string { return at + "/" + strconv.Itoa(i) }

// IsDir reports whether a mount's root is a directory.
func IsDir(m *os.File) (bool, error) {
	var st unix.Statx_t
	// DONT_SYNC: the type is known without asking the server of a network file system.
	err := unix.Statx(int(m.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE, &st)
	runtime.KeepAlive(m)
	if err != nil {
		return false, &os.PathError{Op: "stat", Path: m.Name(), Err: err}
	}
	return st.Mode&unix.S_IFMT == unix.S_IFDIR, nil
}
