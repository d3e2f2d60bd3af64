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
	if s.commands.beginning >= maxBeginning {
		s.refuse(m.Request, &wire.Failed{Stage: "signal", Text: "too many requests wait", Number: unix.EAGAIN})
		return
	}
	s.commands.beginning++
	initPID := s.initPID
	go func() {
		err := signalIn(initPID, m.PID, syscall.Signal(m.Number))
		s.events <- event{do: func() {
			s.commands.beginning--
			if err != nil {
				s.refuse(m.Request, err)
				return
			}
			s.mention(&wire.Signalled{Request: m.Request})
		}}
	}()
}

// signalIn sends the signal by the process's directory in the container's own /proc, in which the kernel has the
// container's pids. The kernel takes such a directory as a pidfd, and nothing else that the container may have put there
// (pidfd_send_signal(2)).
func signalIn(initPID, pid uint32, sig syscall.Signal) error {
	root, err := os.OpenFile("/proc/"+strconv.FormatUint(uint64(initPID), 10)+"/root", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return ending(err)
	}
	defer func() { _ = root.Close() }()
	number := strconv.FormatUint(uint64(pid), 10)
	process, err := inroot.New(root).Open("/proc/"+number, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err == nil {
		err = pidfd.Signal(process, sig)
		_ = process.Close()
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, os.ErrProcessDone) {
		return &wire.Failed{Stage: "signal", Text: "there is no process " + number, Number: unix.ESRCH}
	}
	return err
}
