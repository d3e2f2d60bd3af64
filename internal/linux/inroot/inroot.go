// Package inroot opens and creates paths of a container below a descriptor of its root. It uses
// openat2(2) with RESOLVE_IN_ROOT (Linux 5.6): a symbolic link of a hostile image, absolute or with
// "..", cannot lead out of that root. It keeps no state.
package inroot

import (
	"errors"
	"os"
	"path"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Root is a container's root directory.
type Root struct{ dir *os.File }

// New returns the Root of a descriptor. The caller keeps that open and closes it.
func New(dir *os.File) Root { return Root{dir: dir} }

// Open opens p inside the root. It follows symbolic links inside the root.
func (r Root) Open(p string, flags int) (*os.File, error) {
	rel := strings.TrimLeft(path.Clean("/"+p), "/")
	if rel == "" {
		rel = "."
	}
	how := &unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC),
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		fd, err := unix.Openat2(int(r.dir.Fd()), rel, how)
		runtime.KeepAlive(r.dir)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), p), nil
		// EAGAIN: something was renamed while ".." was resolved. openat2(2) says to try again.
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		}
		return nil, &os.PathError{Op: "open in the container", Path: p, Err: err}
	}
}

// Dir opens the directory p for use as a mount point. It creates p and its parents if they are missing.
func (r Root) Dir(p string) (*os.File, error) {
	f, err := r.Open(p, unix.O_PATH|unix.O_DIRECTORY)
	if !errors.Is(err, unix.ENOENT) {
		return f, err
	}
	err = r.in(p, "mkdir", func(dir int, name string) error { return unix.Mkdirat(dir, name, 0o755) })
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	return r.Open(p, unix.O_PATH|unix.O_DIRECTORY)
}

// File opens p for use as the mount point of a file. It creates an empty file if p is missing.
func (r Root) File(p string) (*os.File, error) {
	f, err := r.Open(p, unix.O_PATH)
	if !errors.Is(err, unix.ENOENT) {
		return f, err
	}
	err = r.in(p, "create", func(dir int, name string) error { return unix.Mknodat(dir, name, unix.S_IFREG|0o644, 0) })
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	return r.Open(p, unix.O_PATH)
}

func (r Root) parent(p string) (*os.File, error) {
	dir := path.Dir(path.Clean("/" + p))
	if dir == "/" {
		return r.Open("/", unix.O_PATH|unix.O_DIRECTORY)
	}
	return r.Dir(dir)
}

// Mknod creates a device node. It returns an error if p exists.
func (r Root) Mknod(p string, mode uint32, major, minor uint32) error {
	return r.in(p, "mknod", func(dir int, name string) error {
		return unix.Mknodat(dir, name, mode, int(unix.Mkdev(major, minor)))
	})
}

// Symlink creates a symbolic link. It does not check the target.
func (r Root) Symlink(target, p string) error {
	return r.in(p, "symlink", func(dir int, name string) error {
		return unix.Symlinkat(target, dir, name)
	})
}

// Unlink removes a name that is not a directory's.
func (r Root) Unlink(p string) error {
	return r.in(p, "unlink", func(dir int, name string) error { return unix.Unlinkat(dir, name, 0) })
}

func (r Root) in(p, op string, f func(dir int, name string) error) error {
	parent, err := r.parent(p)
	if err != nil {
		return err
	}
	defer func() { _ = parent.Close() }()
	err = f(int(parent.Fd()), path.Base(p))
	runtime.KeepAlive(parent)
	if err != nil {
		return &os.PathError{Op: op + " in the container", Path: p, Err: err}
	}
	return nil
}
