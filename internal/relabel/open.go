package relabel

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// root is an open tree.
type root struct {
	Tree
	looked
	fd int
}

// identity is what proves that a file is the same one later.
type identity struct {
	ino  uint64
	born uint32 // a digest of the time of its birth; 0 if the file system keeps none
	dev  uint64 // of this boot only
}

// looked is what the kernel says of an open file.
type looked struct {
	identity
	mnt      uint64
	links    uint32
	mode     uint16
	uid, gid uint32
	modified int64 // in nanoseconds
}

func (l looked) isDir() bool { return l.mode&unix.S_IFMT == unix.S_IFDIR }

// look asks the kernel for what it knows of an open file.
func look(fd int) (looked, error) { return lookAt(fd, "") }

// lookAt asks the kernel for what it knows of a name in a directory. It does not ask a server, and mounts nothing.
func lookAt(dir int, name string) (looked, error) {
	const want = unix.STATX_TYPE | unix.STATX_MODE | unix.STATX_NLINK | unix.STATX_INO | unix.STATX_BTIME | unix.STATX_MTIME |
		unix.STATX_UID | unix.STATX_GID | unix.STATX_MNT_ID
	var st unix.Statx_t
	err := again(func() error {
		return unix.Statx(dir, name, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT|unix.AT_STATX_DONT_SYNC, want, &st)
	})
	l := looked{mnt: st.Mnt_id, links: st.Nlink, mode: st.Mode, modified: st.Mtime.Sec*1e9 + int64(st.Mtime.Nsec)}
	l.uid, l.gid = st.Uid, st.Gid
	l.ino, l.dev = st.Ino, unix.Mkdev(st.Dev_major, st.Dev_minor)
	if st.Mask&unix.STATX_BTIME != 0 {
		l.born = uint32(st.Btime.Sec)*2654435761 ^ st.Btime.Nsec
	}
	return l, err
}

// again repeats a call that a signal interrupts.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return err
		}
	}
}

// inside opens a path below a directory. It follows no symbolic link, and enters no other mount: EXDEV says that the
// path is a mount point.
func inside(dir int, path string, flags int) (fd int, err error) {
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_NOFOLLOW | unix.O_CLOEXEC),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	err = again(func() error {
		fd, err = unix.Openat2(dir, path, &how)
		return err
	})
	return fd, err
}

// stretch is how much of a path the kernel takes in one call, below PATH_MAX.
const stretch = 4000

// along opens a directory below a descriptor by a path of any length.
func along(dir int, path string, flags int) (int, error) {
	for held := -1; ; {
		part, rest := path, ""
		if len(path) > stretch {
			cut := strings.LastIndexByte(path[:stretch], '/')
			part, rest = path[:cut], path[cut+1:]
		}
		with := flags
		if rest != "" {
			with = unix.O_PATH | unix.O_DIRECTORY
		}
		fd, err := inside(dir, part, with)
		if held >= 0 {
			_ = unix.Close(held)
		}
		if err != nil || rest == "" {
			return fd, err
		}
		dir, held, path = fd, fd, rest
	}
}

// openRoot opens the root of a tree. The path is one of the host: its symbolic links are followed. A file is a tree of
// its own.
func openRoot(t Tree) (*root, error) {
	fd, err := unix.Open(t.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: t.Path, Err: err}
	}
	at, err := look(fd)
	if err == nil {
		err = suits(t, at)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("%s: %w", t.Path, err)
	}
	t.Single = !at.isDir()
	return &root{Tree: t, looked: at, fd: fd}, nil
}

// suits returns an error if a file is of no kind that is relabelled.
func suits(t Tree, at looked) error {
	switch kind := at.mode & unix.S_IFMT; {
	case kind == unix.S_IFREG, kind == unix.S_IFBLK && t.Single, kind == unix.S_IFDIR && !t.Single:
		return nil
	case t.Single:
		return fmt.Errorf("%w and not a block device", errKind)
	}
	return fmt.Errorf("%w and not a directory", errKind)
}

var errKind = errors.New("not a file")

func closeAll(roots []*root) {
	for _, r := range roots {
		_ = unix.Close(r.fd)
	}
}
