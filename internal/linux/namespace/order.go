package namespace

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// EntryOrder sorts namespaces for a process that enters them one after the other. In a user namespace it has no right
// to enter what another one owns (setns(2)), such as the host's network that a container shares. So these come first,
// and all others keep their order. Files that are no namespaces stay where they are.
func EntryOrder(files []*os.File) []*os.File {
	var user unix.Stat_t
	for _, f := range files {
		if kind, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE); err == nil && kind == unix.CLONE_NEWUSER {
			if unix.Fstat(int(f.Fd()), &user) != nil {
				return files
			}
		}
	}
	var before, after []*os.File
	for _, f := range files {
		if user.Ino != 0 && ownedByAnother(f, &user) {
			before = append(before, f)
		} else {
			after = append(after, f)
		}
	}
	runtime.KeepAlive(files)
	return append(before, after...)
}

// ownedByAnother reports whether a namespace belongs to another user namespace than this one (ioctl_ns(2)). A user
// namespace itself belongs to its parent, and is no such case.
func ownedByAnother(f *os.File, user *unix.Stat_t) bool {
	if kind, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE); err != nil || kind == unix.CLONE_NEWUSER {
		return false
	}
	fd, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_USERNS)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	var owner unix.Stat_t
	return unix.Fstat(fd, &owner) == nil && (owner.Ino != user.Ino || owner.Dev != user.Dev)
}
