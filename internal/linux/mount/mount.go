package mount

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Option is one parameter of a new file system. A flag has an empty Value.
type Option struct{ Key, Value string }

// New makes a file system of this type with these options. It does not attach it.
func New(fstype string, options []Option, attr Attr) (*os.File, error) {
	ctx, err := unix.Fsopen(fstype, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, &Error{Op: "fsopen", Object: fstype, Err: err}
	}
	defer func() { _ = unix.Close(ctx) }()
	if !slices.ContainsFunc(options, func(o Option) bool { return o.Key == "source" }) {
		// The mount table shows "source" as the device.
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

// kernelText returns the last error message of a file system context. Each read(2) returns one message,
// the oldest first. An error looks like "e ext4: Unknown parameter".
func kernelText(ctx int) string {
	buf := make([]byte, 512)
	for text := ""; ; {
		n, err := unix.Read(ctx, buf)
		if err != nil || n <= 0 { // ENODATA: no more messages
			return text
		}
		text = KernelError(string(buf[:n]), text)
	}
}

// KernelError returns the text of a message of a file system context, if it is an error's, and otherwise the earlier
// text.
func KernelError(message, earlier string) string {
	if word, ok := strings.CutPrefix(strings.TrimSpace(message), "e "); ok {
		return word
	}
	return earlier
}

// Depth says whether a call acts on one mount or on a tree of mounts.
type Depth int

// One is a single mount. Tree is a mount and all mounts below it.
const (
	One Depth = iota
	Tree
)

// Clone returns a detached copy of the mount at an open descriptor (O_PATH is enough). The copy is
// private: later mounts below it do not propagate to any other namespace.
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
	// Otherwise the copy would stay in the peer group of the original (systemd makes / shared), and the
	// container's mounts would appear on the host.
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

// IDMap maps the owners in a detached tree by the id maps of a user namespace. It returns an error if
// the tree has ever been attached.
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

// Attach attaches a detached mount to a directory or file.
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
