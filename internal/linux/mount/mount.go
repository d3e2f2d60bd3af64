package mount

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Option is one parameter of a new file system; an empty Value sets a flag.
type Option struct{ Key, Value string }

// New makes a file system of this type with these options, attached nowhere yet.
func New(fstype string, options []Option, attr Attr) (*os.File, error) {
	ctx, err := unix.Fsopen(fstype, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, &Error{Op: "fsopen", Object: fstype, Err: err}
	}
	defer func() { _ = unix.Close(ctx) }()
	if !slices.ContainsFunc(options, func(o Option) bool { return o.Key == "source" }) {
		// What the mount table shows as its device.
		options = append([]Option{{"source", fstype}}, options...)
	}
	for _, o := range options {
		if o.Value == "" {
			err = unix.FsconfigSetFlag(ctx, o.Key)
		} else {
			err = unix.FsconfigSetString(ctx, o.Key, o.Value)
		}
		if err != nil {
			return nil, &Error{Op: "fsconfig", Object: fstype + " " + o.Key, Kernel: kernelText(ctx), Err: err}
		}
	}
	if err := unix.FsconfigCreate(ctx); err != nil {
		return nil, &Error{Op: "fsconfig", Object: fstype, Kernel: kernelText(ctx), Err: err}
	}
	fd, err := unix.Fsmount(ctx, unix.FSMOUNT_CLOEXEC, int(attr))
	if err != nil {
		return nil, &Error{Op: "fsmount", Object: fstype, Attr: attr, Kernel: kernelText(ctx), Err: err}
	}
	return os.NewFile(uintptr(fd), fstype), nil
}

// kernelText reads the messages of a file system context, one a read and the oldest first, and gives
// the last error: "e ext4: Unknown parameter".
func kernelText(ctx int) string {
	buf := make([]byte, 512)
	for text := ""; ; {
		n, err := unix.Read(ctx, buf)
		if err != nil || n <= 0 { // ENODATA: that was all
			return text
		}
		if word, ok := strings.CutPrefix(strings.TrimSpace(string(buf[:n])), "e "); ok {
			text = word
		}
	}
}

// Depth says whether a clone takes the mounts below along.
type Depth int

// One clones a single mount, Tree all below it too.
const (
	One Depth = iota
	Tree
)

// Clone makes a detached copy of the mount at an open descriptor (O_PATH will do). The copy is
// private: a mount made below it later reaches no other namespace.
func Clone(at *os.File, depth Depth) (*os.File, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_EMPTY_PATH)
	if depth == Tree {
		flags |= unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(int(at.Fd()), "", flags)
	runtime.KeepAlive(at)
	if err != nil {
		return nil, &Error{Op: "open_tree", Object: at.Name(), Err: err}
	}
	tree := os.NewFile(uintptr(fd), at.Name())
	// Without this the copy stays in the peer group of the original (systemd makes / shared), and
	// what the container mounts would appear on the host.
	if err := setattr(tree, &unix.MountAttr{Propagation: unix.MS_PRIVATE}, Tree); err != nil {
		_ = tree.Close()
		return nil, err
	}
	return tree, nil
}

// SetAttr adds attributes to a mount, or to all mounts of a tree.
func SetAttr(m *os.File, attr Attr, depth Depth) error {
	return change(m, attr, 0, depth)
}

// SetAttrWritable is SetAttr that also makes the mount writable: the clone of a read-only mount is
// read-only.
func SetAttrWritable(m *os.File, attr Attr) error {
	return change(m, attr&^ReadOnly, ReadOnly, One)
}

func change(m *os.File, set, clr Attr, depth Depth) error {
	if set|clr == 0 {
		return nil
	}
	err := setattr(m, &unix.MountAttr{Attr_set: uint64(set), Attr_clr: uint64(clr)}, depth)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Attr = set
	}
	return err
}

// IDMap maps the owners of a detached, not yet attached tree by a user namespace.
func IDMap(m *os.File, userns *os.File, depth Depth) error {
	err := setattr(m, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(userns.Fd())}, depth)
	runtime.KeepAlive(userns)
	return err
}

func setattr(m *os.File, attr *unix.MountAttr, depth Depth) error {
	flags := uint(unix.AT_EMPTY_PATH)
	if depth == Tree {
		flags |= unix.AT_RECURSIVE
	}
	err := unix.MountSetattr(int(m.Fd()), "", flags, attr)
	runtime.KeepAlive(m)
	if err != nil {
		return &Error{Op: "mount_setattr", Object: m.Name(), Err: err}
	}
	return nil
}

// Attach puts a detached mount on a directory or file.
func Attach(m, target *os.File) error {
	err := unix.MoveMount(int(m.Fd()), "", int(target.Fd()), "",
		unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
	runtime.KeepAlive(m)
	runtime.KeepAlive(target)
	if err != nil {
		return &Error{Op: "move_mount", Object: m.Name() + " on " + target.Name(), Err: err}
	}
	return nil
}
