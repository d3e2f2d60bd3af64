package mount

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// carried is the name of what a carrier carries.
const carried = "tree"

// AttachLocked attaches a detached tree to a file or directory in a mount namespace that another user namespace owns,
// so that nobody there can clear the tree's flags. It changes the calling thread's mount namespace and directories, so
// the thread must end.
//
// The kernel locks mounts when they propagate into such a namespace (mount_namespaces(7)). So a shared tmpfs, the
// carrier, is attached at the directory aside for a moment. The tree is attached in the host's copy of the carrier and
// propagates. A copy of what came is attached at the target.
func AttachLocked(tree, target, aside, ns *os.File, isDir bool) error {
	c, err := newCarrier(isDir)
	if err != nil {
		return err
	}
	defer c.close()
	if err := Enter(ns); err != nil {
		return err
	}
	if err := Attach(c.theirs, aside); err != nil {
		return err
	}
	locked, err := c.carry(tree, ns)
	if gone := c.unmount(); err == nil {
		err = gone
	}
	if err != nil {
		return err
	}
	defer func() { _ = locked.Close() }()
	return Attach(locked, target)
}

// carrier is a tmpfs with two mounts, which are peers.
type carrier struct {
	home         *os.File // the mount namespace of ours
	self         *os.File // the directory /proc/self/fd of the host
	ours, theirs *os.File
}

// newCarrier makes a carrier in a new mount namespace, which the thread is in from then on.
func newCarrier(isDir bool) (c *carrier, err error) {
	c = &carrier{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err = Unshare(); err != nil {
		return c, err
	}
	if c.home, err = os.Open("/proc/thread-self/ns/mnt"); err != nil {
		return c, err
	}
	if c.self, err = os.OpenFile("/proc/self/fd", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return c, err
	}
	if c.ours, err = New("tmpfs", []Option{{"mode", "700"}, {"size", "4k"}}, NoSUID|NoDev|NoExec); err != nil {
		return c, err
	}
	if isDir {
		err = unix.Mkdirat(int(c.ours.Fd()), carried, 0o700)
	} else {
		err = unix.Mknodat(int(c.ours.Fd()), carried, unix.S_IFREG|0o600, 0)
	}
	if err != nil {
		return c, &os.PathError{Op: "create", Path: carried, Err: err}
	}
	dir, err := os.OpenFile(Shelf, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return c, err
	}
	defer func() { _ = dir.Close() }()
	if err = Attach(c.ours, dir); err != nil {
		return c, err
	}
	if err = setattr(c.ours, &unix.MountAttr{Propagation: unix.MS_SHARED}, One); err != nil {
		return c, err
	}
	fd, err := unix.OpenTree(int(c.ours.Fd()), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	if err != nil {
		return c, &Error{Op: "open_tree", Object: "the carrier", Err: err}
	}
	c.theirs = os.NewFile(uintptr(fd), "the carrier")
	return c, nil
}

// carry attaches a tree in ours, and returns a detached copy of what has come to theirs.
func (c *carrier) carry(tree, ns *os.File) (*os.File, error) {
	if err := Enter(c.home); err != nil {
		return nil, err
	}
	err := unix.MoveMount(int(tree.Fd()), "", int(c.ours.Fd()), carried, unix.MOVE_MOUNT_F_EMPTY_PATH)
	runtime.KeepAlive(tree)
	if err != nil {
		return nil, &Error{Op: "move_mount", Object: tree.Name(), Err: err}
	}
	if err := Enter(ns); err != nil {
		return nil, err
	}
	fd, err := unix.Openat(int(c.theirs.Fd()), carried, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: carried, Err: err}
	}
	came := os.NewFile(uintptr(fd), tree.Name())
	defer func() { _ = came.Close() }()
	return Clone(came, One)
}

// unmount unmounts theirs. The thread is in its namespace.
func (c *carrier) unmount() error {
	if err := unix.Fchdir(int(c.self.Fd())); err != nil {
		return &Error{Op: "fchdir", Object: c.self.Name(), Err: err}
	}
	if err := unix.Unmount(strconv.Itoa(int(c.theirs.Fd())), unix.MNT_DETACH); err != nil {
		return &Error{Op: "umount", Object: "the carrier", Err: err}
	}
	return nil
}

func (c *carrier) close() {
	for _, f := range []*os.File{c.home, c.self, c.ours, c.theirs} {
		_ = f.Close() // nil if it was not made
	}
}
