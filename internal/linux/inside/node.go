package inside

import (
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/mount"
)

// Node is a node of a device.
type Node struct {
	Path         string // below /dev
	Block        bool
	Major, Minor uint32
	Mode         uint32
	Label        string // its security label; "" means none. In a /dev of its own the kernel gives each file the container's.
}

func (n Node) kind() uint32 {
	if n.Block {
		return unix.S_IFBLK
	}
	return unix.S_IFCHR
}

func (n Node) number() uint64 { return unix.Mkdev(n.Major, n.Minor) }

// is reports whether a file is a node of this device.
func (n Node) is(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == n.kind() && st.Rdev == n.number()
}

// errTaken says that there is a file where the node should be.
var errTaken = errors.New("the container has a file there")

// MakeNode makes a node, and the directories on the way to it. It returns an error if there is a file, or if the
// container's /dev is not one of its own. If it fails, nothing is left of the node.
func (c *Container) MakeNode(n Node) error {
	return c.apart(func(root inroot.Root) error {
		dir, err := c.openDir(root, n.Path)
		if err != nil {
			return err
		}
		defer func() { _ = dir.Close() }()
		if c.User != nil {
			err = c.mountNode(dir, n)
		} else if err = c.May(); err == nil {
			err = mknod(dir, path.Base(n.Path), n.kind()|n.Mode, n.number())
		}
		if err != nil {
			c.removeEmpty(root, n.Path)
		}
		return err
	})
}

// openDir opens the directory of a node. It makes those that are missing, in the container's own /dev only.
func (c *Container) openDir(root inroot.Root, node string) (*os.File, error) {
	at, rest, _ := strings.Cut(strings.TrimPrefix(path.Dir(node), "/"), "/")
	dir, err := c.openOwn(root, "/"+at)
	for name := range strings.SplitSeq(rest, "/") {
		if err != nil || name == "" {
			break
		}
		err = unix.Mkdirat(int(dir.Fd()), name, 0o755)
		_ = dir.Close()
		if errors.Is(err, unix.EEXIST) {
			err = nil
		}
		if at += "/" + name; err == nil {
			dir, err = c.openOwn(root, "/"+at)
		}
	}
	return dir, err
}

// openOwn opens a directory of the container's own /dev.
func (c *Container) openOwn(root inroot.Root, p string) (*os.File, error) {
	dir, err := root.Open(p, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	own, err := c.isOwn(dir)
	if own {
		return dir, nil
	}
	_ = dir.Close()
	if err == nil {
		err = fmt.Errorf("%s is not in the /dev that the container was started with", p)
	}
	return nil, err
}

func mknod(dir *os.File, name string, mode uint32, number uint64) error {
	err := unix.Mknodat(int(dir.Fd()), name, mode, int(number))
	runtime.KeepAlive(dir)
	if errors.Is(err, unix.EEXIST) {
		return errTaken
	}
	if err != nil {
		return &os.PathError{Op: "mknod in the container", Path: name, Err: err}
	}
	return nil
}

// mountNode makes the node in a file system of the host's and mounts it on an empty file: the kernel opens no device by
// a node in a file system that was mounted in a user namespace.
func (c *Container) mountNode(dir *os.File, n Node) error {
	tree, err := detachedNode(n)
	if err != nil {
		return err
	}
	defer func() { _ = tree.Close() }()
	name := path.Base(n.Path)
	if err := c.May(); err != nil {
		return err
	}
	if err := mknod(dir, name, unix.S_IFREG|0o600, 0); err != nil {
		return err
	}
	target, err := inroot.New(dir).Open(name, unix.O_PATH|unix.O_NOFOLLOW)
	if err == nil {
		defer func() { _ = target.Close() }()
		if err = mount.Enter(c.Mounts); err == nil {
			err = mount.Attach(tree, target)
		}
	}
	if err != nil {
		_ = unix.Unlinkat(int(dir.Fd()), name, 0)
	}
	return err
}

// detachedNode returns a mount of a node alone, attached nowhere.
func detachedNode(n Node) (*os.File, error) {
	options := []mount.Option{{Key: "mode", Value: "711"}, {Key: "size", Value: "4k"}}
	if n.Label != "" {
		options = append(options, mount.Option{Key: "context", Value: n.Label})
	}
	return mount.Single("tmpfs", options, mount.NoSUID|mount.NoExec, func(fs *os.File) (string, error) {
		return "node", mknod(fs, "node", n.kind()|n.Mode, n.number())
	})
}

// RemoveNode removes a node, and the directories on the way to it that are empty then. It leaves alone what is no node
// of this device in a /dev of the container's own.
func (c *Container) RemoveNode(n Node) error {
	return c.apart(func(root inroot.Root) error {
		err := c.removeNode(root, n)
		if err != nil {
			return err
		}
		c.removeEmpty(root, n.Path)
		return nil
	})
}

func (c *Container) removeNode(root inroot.Root, n Node) error {
	dir, err := root.Open(path.Dir(n.Path), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return ignoreGone(err)
	}
	defer func() { _ = dir.Close() }()
	if own, err := c.isOwn(dir); !own {
		return err
	}
	name := path.Base(n.Path)
	f, err := inroot.New(dir).Open(name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return ignoreGone(err)
	}
	var st unix.Stat_t
	err = unix.Fstat(int(f.Fd()), &st)
	if err != nil || !n.is(&st) {
		_ = f.Close()
		return err
	}
	if err := c.May(); err != nil {
		_ = f.Close()
		return err
	}
	if c.User != nil {
		err = mount.DetachFrom(c.Mounts, f)
	}
	_ = f.Close()
	if err == nil {
		err = ignoreGone(unix.Unlinkat(int(dir.Fd()), name, 0))
		runtime.KeepAlive(dir)
	}
	return err
}

// removeEmpty removes the directories between /dev and a node, as far as they are empty.
func (c *Container) removeEmpty(root inroot.Root, node string) {
	for p := path.Dir(node); path.Dir(p) != "/" && path.Dir(p) != "."; p = path.Dir(p) {
		dir, err := root.Open(path.Dir(p), unix.O_PATH|unix.O_DIRECTORY)
		if err != nil {
			return
		}
		own, _ := c.isOwn(dir)
		if own {
			own = unix.Unlinkat(int(dir.Fd()), path.Base(p), unix.AT_REMOVEDIR) == nil
		}
		_ = dir.Close()
		if !own {
			return
		}
	}
}

// ignoreGone drops an error that says that there is no such file.
func ignoreGone(err error) error {
	for _, gone := range []error{unix.ENOENT, unix.ENOTDIR, unix.ELOOP} {
		if errors.Is(err, gone) {
			return nil
		}
	}
	return err
}
