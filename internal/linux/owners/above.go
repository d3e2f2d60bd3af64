package owners

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

var errDeep = errors.New("too deep")

// Above calls visit for each directory above an open file or directory, the nearest first, up to the root of its mount.
// It ends if visit returns false or an error. The file must not be in a detached mount: nothing is above that.
func Above(f *os.File, visit func(dir *os.File) (more bool, err error)) error {
	defer runtime.KeepAlive(f)
	at := f
	st, err := look(int(f.Fd()), "")
	if err != nil {
		return &os.PathError{Op: "statx", Path: f.Name(), Err: err}
	}
	isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
	for depth := 0; ; depth++ {
		up, err := parent(at, isDir)
		if depth > 0 {
			_ = at.Close()
		}
		if !isDir && err != nil || errors.Is(err, unix.EACCES) { // it was removed; a user's FUSE
			return nil
		}
		if err != nil {
			return err
		}
		above, err := look(int(up.Fd()), "")
		switch same := above.Ino == st.Ino && above.Dev_major == st.Dev_major && above.Dev_minor == st.Dev_minor; {
		case err != nil:
			err = &os.PathError{Op: "statx", Path: up.Name(), Err: err}
		case same && isDir, above.Mnt_id != st.Mnt_id:
			_ = up.Close()
			return nil
		case depth > unix.PathMax:
			err = errDeep
		default:
			var more bool
			if more, err = visit(up); err == nil && !more {
				_ = up.Close()
				return nil
			}
		}
		if err != nil {
			_ = up.Close()
			return err
		}
		at, st, isDir = up, above, true
	}
}

// parent opens the directory that an open directory is in; of a file, that of its path.
func parent(f *os.File, isDir bool) (*os.File, error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	if isDir {
		fd, err := unix.Openat(int(f.Fd()), "..", flags, 0)
		runtime.KeepAlive(f)
		if err != nil {
			return nil, &os.PathError{Op: "open the directory above", Path: f.Name(), Err: err}
		}
		return os.NewFile(uintptr(fd), f.Name()+"/.."), nil
	}
	path, err := os.Readlink(descriptor(f))
	if err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Dir(path), flags, 0)
}

// PathOf returns the path of an open file by now, for people.
func PathOf(f *os.File) string {
	path, err := os.Readlink(descriptor(f))
	if err != nil {
		return f.Name()
	}
	return path
}

func descriptor(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
