package inside

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/mount"
)

// File tells a file from all others: the device of its file system, and its number there.
type File struct{ Dev, Ino uint64 }

// FileOf returns the file of a descriptor.
func FileOf(f *os.File) (File, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	runtime.KeepAlive(f)
	if err != nil {
		return File{}, &os.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return File{st.Dev, st.Ino}, nil
}

// Exists reports whether the container has a file at a path.
func (c *Container) Exists(p string) (there bool, err error) {
	err = c.apart(func(root inroot.Root) error {
		f, err := root.Open(p, unix.O_PATH)
		if err == nil {
			there = true
			return f.Close()
		}
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		return err
	})
	return there, err
}

// CloneInner returns a detached copy of the mount at a path of the container's.
func (c *Container) CloneInner(p string) (tree *os.File, err error) {
	err = c.apart(func(root inroot.Root) error {
		at, err := root.Open(p, unix.O_PATH)
		if err != nil {
			return err
		}
		defer func() { _ = at.Close() }()
		if err = mount.Enter(c.Mounts); err == nil {
			tree, err = mount.Clone(at, mount.One)
		}
		return err
	})
	return tree, err
}

// Order is how a tree is mounted.
type Order struct {
	Target string
	Mapped bool // the container's user namespace maps the owners
	Locked bool // the container's root may not change the mount's flags
}

// Mount attaches a detached tree at a path of the container's, which it makes if it is missing. The tree must never
// have been attached.
func (c *Container) Mount(tree *os.File, o Order) error {
	return c.apart(func(root inroot.Root) error {
		if o.Mapped && c.User != nil {
			if err := mount.IDMap(tree, c.User, mount.One); err != nil {
				return fmt.Errorf("the file system cannot map the owners for a container with a user namespace: %w", err)
			}
		}
		isDir, err := mount.IsDir(tree)
		if err != nil {
			return err
		}
		if err := c.May(); err != nil {
			return err
		}
		open := root.File
		if isDir {
			open = root.Dir
		}
		target, err := open(o.Target)
		if err != nil {
			return err
		}
		defer func() { _ = target.Close() }()
		if err := c.May(); err != nil {
			return err
		}
		if o.Locked && c.User != nil {
			return c.mountLocked(root, tree, target, isDir)
		}
		if err := mount.Enter(c.Mounts); err != nil {
			return err
		}
		return mount.Attach(tree, target)
	})
}

// mountLocked attaches a tree whose flags the container's root may not change. What that needs for a moment is at a
// directory of the container's own /dev.
func (c *Container) mountLocked(root inroot.Root, tree, target *os.File, isDir bool) error {
	dev, err := c.openOwn(root, "/dev")
	if err != nil {
		return err
	}
	defer func() { _ = dev.Close() }()
	name := ".berth-" + rand.Text()
	if err := unix.Mkdirat(int(dev.Fd()), name, 0o700); err != nil {
		return &os.PathError{Op: "mkdir in the container", Path: name, Err: err}
	}
	defer func() {
		_ = unix.Unlinkat(int(dev.Fd()), name, unix.AT_REMOVEDIR)
		runtime.KeepAlive(dev)
	}()
	aside, err := inroot.New(dev).Open(name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer func() { _ = aside.Close() }()
	return mount.AttachLocked(tree, target, aside, c.Mounts, isDir)
}

// Unmount detaches the mount at a path whose root is this file. A process that has a file of it open keeps that. It
// leaves alone what is no mount of this file. With made, it removes the mount point if that is empty.
func (c *Container) Unmount(p string, of File, made bool) error {
	return c.apart(func(root inroot.Root) error {
		f, err := root.Open(p, unix.O_PATH)
		if err != nil {
			return ignoreGone(err)
		}
		defer func() { _ = f.Close() }()
		is, err := FileOf(f)
		if err != nil {
			return err
		}
		mounted, err := isMountRoot(f)
		if err != nil {
			return err
		}
		if err := c.May(); err != nil {
			return err
		}
		if mounted && is == of {
			if err := mount.DetachFrom(c.Mounts, f); err != nil {
				return err
			}
		}
		if made {
			removePoint(root, p)
		}
		return nil
	})
}

func isMountRoot(f *os.File) (bool, error) {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, 0, &st)
	runtime.KeepAlive(f)
	if err != nil {
		return false, &os.PathError{Op: "statx", Path: f.Name(), Err: err}
	}
	return st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}

// removePoint removes a mount point that was made: an empty directory or file.
func removePoint(root inroot.Root, p string) {
	dir, err := root.Open(path.Dir(p), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return
	}
	defer func() { _ = dir.Close() }()
	var st unix.Stat_t
	name := path.Base(p)
	if unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return
	}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFDIR:
		_ = unix.Unlinkat(int(dir.Fd()), name, unix.AT_REMOVEDIR) // it may be in use by now
	case st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == 0:
		_ = unix.Unlinkat(int(dir.Fd()), name, 0)
	}
	runtime.KeepAlive(dir)
}
