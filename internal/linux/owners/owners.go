// Package owners reads who owns a few files of a tree. It follows no symbolic link, mounts nothing, and asks no server
// that the kernel need not ask.
package owners

import (
	"errors"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// File is a file and its owner, as the mount shows it: on disk, if that maps no owners.
type File struct {
	Name     string
	UID, GID uint32
	Dir      bool
}

// Top returns the owner of an open file.
func Top(f *os.File) (File, error) {
	st, err := look(int(f.Fd()), "")
	runtime.KeepAlive(f)
	if err != nil {
		return File{}, &os.PathError{Op: "statx", Path: f.Name(), Err: err}
	}
	return File{UID: st.Uid, GID: st.Gid, Dir: st.Mode&unix.S_IFMT == unix.S_IFDIR}, nil
}

// Directories returns the owners of those of the names that are directories below an open one. The name "" is that
// itself.
func Directories(top *os.File, names []string) (list []File, err error) {
	defer runtime.KeepAlive(top)
	for _, name := range names {
		st, err := below(int(top.Fd()), name)
		switch {
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
			continue
		case err != nil:
			return nil, &os.PathError{Op: "statx", Path: top.Name() + "/" + name, Err: err}
		}
		if st.Mode&unix.S_IFMT == unix.S_IFDIR {
			list = append(list, File{Name: name, UID: st.Uid, GID: st.Gid, Dir: true})
		}
	}
	return list, nil
}

// below looks at a name. A name with a slash is opened, so that no link on the way is followed.
func below(top int, name string) (unix.Statx_t, error) {
	if !strings.Contains(name, "/") {
		return look(top, name)
	}
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		fd, err := unix.Openat2(top, name, &how)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil {
			return unix.Statx_t{}, err
		}
		st, err := look(fd, "")
		_ = unix.Close(fd)
		return st, err
	}
}

func look(at int, name string) (st unix.Statx_t, err error) {
	const flags = unix.AT_EMPTY_PATH | unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT | unix.AT_STATX_DONT_SYNC
	for {
		err = unix.Statx(at, name, flags, unix.STATX_TYPE|unix.STATX_UID|unix.STATX_GID|unix.STATX_INO|unix.STATX_MNT_ID, &st)
		if !errors.Is(err, unix.EINTR) {
			return st, err
		}
	}
}
