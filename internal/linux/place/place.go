// Package place tells files and directories apart by what they are, whatever path leads to them, and says which
// directories one is in.
package place

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Place is a file or directory, whatever path leads to it.
type Place struct{ Dev, Ino uint64 }

var errDeep = errors.New("too deep")

// Of returns the place of an open file, and the number of its mount, without a question to a server.
func Of(fd int) (at Place, mount uint64, err error) {
	const want = unix.STATX_INO | unix.STATX_MNT_ID
	var st unix.Statx_t
	err = unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_NO_AUTOMOUNT|unix.AT_STATX_DONT_SYNC, want, &st)
	return Place{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino}, st.Mnt_id, err
}

// Above returns the place of an open directory and those of the directories above it, up to the root of its mount
// namespace, or to that of the process if that is on the way: only these are their own parents.
func Above(fd int) (above []Place, err error) {
	at, _, err := Of(fd)
	if err != nil {
		return nil, err
	}
	above = append(above, at)
	for held := -1; ; {
		up, err := unix.Openat(fd, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if held >= 0 {
			_ = unix.Close(held)
		}
		if err != nil {
			return nil, err
		}
		fd, held = up, up
		at, _, err := Of(up)
		switch {
		case err == nil && at == above[len(above)-1]:
			_ = unix.Close(up)
			return above, nil
		case err == nil && len(above) > unix.PathMax:
			err = errDeep
		}
		if err != nil {
			_ = unix.Close(up)
			return nil, err
		}
		above = append(above, at)
	}
}
