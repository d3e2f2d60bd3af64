package initproc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
)

// insideFile is a file that the child has opened, and reads: no process outside of the container opens a file of the
// image.
type insideFile struct {
	s    *Stage
	fd   born.Arg
	name string
	at   int64
}

// readable opens a file of the container for reading. A missing file counts as an empty one. It
// returns an error if the file is not a regular one: a terminal or a FIFO could block the child for
// ever, and opening a device can have effects.
func (s *Stage) readable(p string) (io.ReadCloser, error) {
	if _, err := s.openRegular(p, unix.O_PATH); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return io.NopCloser(strings.NewReader("")), nil
		}
		return nil, err
	}
	// Somebody may have replaced the file in between.
	fd, err := s.openRegular(p, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	return &insideFile{s: s, fd: fd, name: p}, nil
}

func (s *Stage) openRegular(p string, flags int) (born.Arg, error) {
	fd := born.Of(s.open(p, flags, 0, 0))
	st := statx(s.stat(tree{fd: fd, name: p}))
	if err := s.Worker.Run(); err != nil {
		return fd, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fd, fmt.Errorf("%s in the container is not a regular file", p)
	}
	return fd, nil
}

func (f *insideFile) Read(b []byte) (int, error) {
	const most = 16 << 10
	room := f.s.Worker.Room(min(len(b), most))
	read := f.s.do("read", f.name, unix.SYS_PREAD64, f.fd, born.At(room), born.Int(len(room)), born.Int(f.at))
	if err := f.s.Worker.Run(); err != nil {
		if call, ok := errors.AsType[*born.Failure](err); ok {
			err = &os.PathError{Op: "read", Path: f.name, Err: call.Errno} // the caller says more of it than the call's name
		}
		return 0, err
	}
	n := copy(b, room[:f.s.Worker.Result(read)])
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	f.at += int64(n)
	return n, nil
}

// Close does nothing: the child's descriptors are closed when it executes init.
func (*insideFile) Close() error { return nil }
