package cgroup

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Reader reads many files of groups into one buffer. It is for one goroutine.
type Reader struct{ buf []byte }

// Read returns the text of an interface file of a group or of a group below it: name may be a path. The next Read
// overwrites the text. It returns an error that is fs.ErrNotExist if there is no such file, and ENODEV if the group was
// removed meanwhile.
func (r *Reader) Read(d *Dir, name string) ([]byte, error) {
	fd, err := unix.Openat(int(d.f.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: d.f.Name() + "/" + name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	if r.buf == nil {
		r.buf = make([]byte, 8<<10) // a memory.stat has 2 KiB
	}
	for {
		// The kernel gives a whole file that fits in one read (seq_file.rst), and so the figures of one moment.
		n, err := unix.Pread(fd, r.buf, 0)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, &os.PathError{Op: "read", Path: d.f.Name() + "/" + name, Err: err}
		case n < len(r.buf):
			return r.buf[:n], nil
		default:
			r.buf = make([]byte, 2*len(r.buf))
		}
	}
}

// Below calls each with the names of the groups directly below a group, which are paths from d as name is.
func (d *Dir) Below(name string, each func(name string)) error {
	fd, err := unix.Openat(int(d.f.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return &os.PathError{Op: "open", Path: d.f.Name() + "/" + name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }()
	entries, err := f.ReadDir(-1)
	for _, e := range entries {
		if e.IsDir() {
			each(name + "/" + e.Name())
		}
	}
	return err
}
