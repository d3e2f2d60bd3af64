package mount

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
)

// Error is a mount call that failed.
type Error struct {
	Op     string // the system call
	Object string // file system type or path
	Attr   Attr
	Kernel string // the kernel's message, read from the file system context
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Op, e.Object)
	if e.Attr != 0 {
		fmt.Fprintf(&b, " (%s)", e.Attr)
	}
	fmt.Fprintf(&b, ": %v", e.cause())
	if e.Kernel != "" {
		fmt.Fprintf(&b, " (%s)", e.Kernel)
	}
	return b.String()
}

// cause returns the errno, and with it the setting of the host if that is why. A detached mount has a mount
// namespace of its own to the kernel.
func (e *Error) cause() error {
	switch e.Op {
	case "move_mount":
		return hostlimit.Explain(hostlimit.Mount, e.Err)
	case "open_tree", "fsmount", "unshare":
		return hostlimit.Clone(unix.CLONE_NEWNS, e.Err)
	}
	return e.Err
}

// Unwrap returns the errno.
func (e *Error) Unwrap() error { return e.Err }

// Attr is a set of per-mount attributes.
type Attr uint64

// The attributes of mount_setattr(2) that containers use.
const (
	ReadOnly Attr = unix.MOUNT_ATTR_RDONLY
	NoSUID   Attr = unix.MOUNT_ATTR_NOSUID
	NoDev    Attr = unix.MOUNT_ATTR_NODEV
	NoExec   Attr = unix.MOUNT_ATTR_NOEXEC
)

func (a Attr) String() string {
	var words []string
	for _, n := range []struct {
		attr Attr
		name string
	}{{ReadOnly, "ro"}, {NoSUID, "nosuid"}, {NoDev, "nodev"}, {NoExec, "noexec"}} {
		if a&n.attr != 0 {
			words = append(words, n.name)
		}
	}
	return strings.Join(words, ",")
}
