package supervisor

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// passed is the descriptors that init was passed, and that the next run gets after a reboot.
type passed struct {
	files  []*os.File
	places []uint32 // of each among those that init was passed
}

// receivePassed receives the descriptors that a Prepare announced.
func (s *supervisor) receivePassed(count uint32) ([]*os.File, error) {
	if count == 0 {
		return nil, nil
	}
	m, files, err := s.control.Recv()
	if err != nil {
		return nil, err
	}
	if _, ok := m.(*wire.Passed); !ok || uint32(len(files)) != count {
		return nil, fmt.Errorf("%d descriptors to pass came with a %T; expected %d", len(files), m, count)
	}
	return files, nil
}

// keepPassed keeps those of init's descriptors that do not keep something alive for whom they talk to, and
// closes the others. Of the others init must have the only copy: its end, or its close(2), is what their
// peer waits for.
func (s *supervisor) keepPassed(files []*os.File) {
	for i, f := range files {
		if !waits(int(f.Fd())) {
			_ = f.Close()
			continue
		}
		s.passed.files = append(s.passed.files, f)
		s.passed.places = append(s.passed.places, uint32(i))
	}
}

// waits reports whether a descriptor waits for peers rather than having one: a socket that listens or receives
// from anybody, or a FIFO that is open both ways (as systemd opens one).
func waits(fd int) bool {
	if _, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err == nil {
		_, err := unix.Getpeername(fd)
		return err != nil
	}
	var st unix.Stat_t
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO && flags&unix.O_ACCMODE == unix.O_RDWR
}
