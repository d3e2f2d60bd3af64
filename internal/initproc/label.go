package initproc

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/plan"
)

// ExecLabel is the file that has the label of a process's next program (proc_pid_attr(5)).
const ExecLabel = "/proc/thread-self/attr/exec"

const opLabel = "write the label of init"

// label gives init its label, from the moment that it is executed. The child does that while it sees the host's files:
// nothing of the container can be in the place of /proc. No change of ids or capabilities takes it away.
func (s *Stage) label() {
	l := s.Plan.Label
	if l.Process == "" {
		return
	}
	now := s.at
	defer func() { s.at = now }()
	s.at = "label"
	file := s.openPlain(ExecLabel, unix.O_WRONLY) // O_CREAT would be denied
	s.do(opLabel, l.Process, unix.SYS_WRITE, file.fd, born.Bytes([]byte(l.Process)), born.Int(len(l.Process)))
	if !l.Required {
		s.Worker.Tolerate(unix.EACCES, unix.EPERM, unix.EINVAL)
	}
	s.do("close", ExecLabel, unix.SYS_CLOSE, file.fd)
}

// labelled adds the label to the options of a file system whose files are made for the container.
func (s *Stage) labelled(fstype string, options []plan.Option) []plan.Option {
	if s.Plan.Label.Files == "" || fstype != "tmpfs" && fstype != "devpts" {
		return options
	}
	return append(slices.Clip(options), plan.Option{Key: "context", Value: s.Plan.Label.Files})
}

// whyNotLabelled returns the error of a label that the kernel has refused.
func (s *Stage) whyNotLabelled(f *born.Failure) error {
	return fmt.Errorf("give init the label %s: %w", f.Object, f.Errno)
}

// deniedLabel adds to the error of an execve(2) that was denied what may be why.
func (s *Stage) deniedLabel(err error) error {
	if label := s.Plan.Label.Process; label != "" && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) {
		return fmt.Errorf("%w; with the label %s the security policy of the host may deny it (ausearch -m avc)", err, label)
	}
	return err
}
