package cli

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stream is the end of a command's pipe or terminal.
type stream struct{ *os.File }

// newStream takes ownership of a descriptor. Reading it can be interrupted.
func newStream(f *os.File) (stream, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return stream{}, err
	}
	_ = f.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return stream{}, err
	}
	return stream{os.NewFile(uintptr(fd), f.Name())}, nil
}

// copyTo copies until the other side has closed. The last close of a terminal is EIO.
func (s stream) copyTo(w io.Writer) error {
	_, err := io.Copy(w, s.File)
	if errors.Is(err, unix.EIO) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// stop interrupts copyTo.
func (s stream) stop() { _ = s.SetReadDeadline(time.Now()) }

// rest copies what is there, and does not wait for more: a process that the command has left behind may keep the
// other side open.
func (s stream) rest(w io.Writer) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, rerr := 0, error(nil)
		if err := raw.Control(func(fd uintptr) { n, rerr = unix.Read(int(fd), buf) }); err != nil {
			return err
		}
		if errors.Is(rerr, unix.EINTR) {
			continue
		}
		if n <= 0 {
			return nil
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
	}
}
