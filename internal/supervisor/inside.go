package supervisor

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// signalInside sends a signal to a process by its pid in the container. It does not wait: the container may have put a
// file system that does not answer in the place of its /proc.
func (s *supervisor) signalInside(m *wire.Signal) {
	if !s.running || s.status != nil {
		s.refuse(m.Request, &wire.Failed{Stage: "signal", Text: "the container does not run", Number: unix.ESRCH})
		return
	}
	if err := s.errands.slot("signal"); err != nil {
		s.refuse(m.Request, err)
		return
	}
	initPID := s.initPID
	s.errand(func(x *errand) func() {
		var process *os.File
		var err error
		late := func() { s.refuse(m.Request, noAnswer("signal")) }
		if !x.within(lookLimit, late, func() { process, err = openInside(initPID, m.PID) }) {
			closeFiles([]*os.File{process})
			return nil
		}
		if err == nil {
			err = pidfd.Signal(process, syscall.Signal(m.Number))
			_ = process.Close()
		}
		return func() { s.signalled(m, err) }
	})
}

// signalled tells berthd what became of a signal.
func (s *supervisor) signalled(m *wire.Signal, err error) {
	switch {
	case errors.Is(err, unix.ENOENT) || errors.Is(err, os.ErrProcessDone):
		s.refuse(m.Request, &wire.Failed{Stage: "signal", Text: "there is no process " + strconv.FormatUint(uint64(m.PID), 10), Number: unix.ESRCH})
	case err != nil:
		s.refuse(m.Request, err)
	default:
		s.mention(&wire.Signalled{Request: m.Request})
	}
}

// openInside opens the process's directory in the container's own /proc, in which the kernel has the container's pids.
// The kernel takes such a directory as a pidfd, and nothing else that the container may have put there
// (pidfd_send_signal(2)).
func openInside(initPID, pid uint32) (*os.File, error) {
	root, err := os.OpenFile("/proc/"+strconv.FormatUint(uint64(initPID), 10)+"/root", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, ending(err)
	}
	defer func() { _ = root.Close() }()
	return inroot.New(root).Open("/proc/"+strconv.FormatUint(uint64(pid), 10), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
}
