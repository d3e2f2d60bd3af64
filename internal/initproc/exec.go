package initproc

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/inherit"
)

// firstPassed is the number of the first descriptor that init is passed (sd_listen_fds(3)).
const firstPassed = 3

// exec gives init its descriptors, limits and signals, and executes it.
func (s *Stage) exec() error {
	s.placePassed()
	// This catches any descriptor that was not opened with O_CLOEXEC by mistake.
	s.do("close_range", "", unix.SYS_CLOSE_RANGE, born.Int(firstPassed+s.Plan.Passed), born.Int(uint32(math.MaxUint32)), born.Int(unix.CLOSE_RANGE_CLOEXEC))
	if err := s.limits(); err != nil {
		return err
	}
	s.defaultSignals()
	i := s.Plan.Init
	s.do("execute", i.Path, unix.SYS_EXECVE, born.Text(absolute(i.Path)), born.Texts(i.Args), born.Texts(i.Env))
	return nil
}

// limits gives init its limits. The child has those of a service already, except for the soft one of open files. It
// sets those of the definition this late because they could be too low for what it has done. This process sets what is
// above its own hard limit: in a user namespace the child may raise none.
func (s *Stage) limits() error {
	files := true
	for _, l := range s.Plan.RLimits {
		files = files && l.Name != inherit.Nofile
		n, raised, err := inherit.Limit(l).Raised()
		switch {
		case err != nil:
			return err
		case !raised:
			s.do("limit", l.Name, unix.SYS_PRLIMIT64, born.Int(0), born.Int(n), born.Words(born.Int(l.Soft), born.Int(l.Hard)), born.Int(0))
		case s.Worker.PID != 0: // a rehearsal has no child
			if err := inherit.Limit(l).SetOf(s.Worker.PID); err != nil {
				return err
			}
		}
	}
	if !files {
		return nil
	}
	limits := make([]inherit.Limit, len(s.Plan.Limits))
	for i, l := range s.Plan.Limits {
		limits[i] = inherit.Limit(l)
	}
	rlimit, err := inherit.Files(limits)
	if err == nil && rlimit != nil {
		s.do("limit", inherit.Nofile, unix.SYS_PRLIMIT64, born.Int(0), born.Int(unix.RLIMIT_NOFILE), born.Words(born.Int(rlimit.Cur), born.Int(rlimit.Max)), born.Int(0))
	}
	return err
}

// placePassed gives the descriptors for init their numbers, and has them stay open over the exec. Each comes down
// from a higher number: others were handed in front of them.
func (s *Stage) placePassed() {
	from := FDSources
	if !s.Plan.Namespaces.User {
		from += len(s.Plan.Sources)
	}
	if s.Plan.ProcView {
		from++
	}
	for i := range s.Plan.Passed {
		s.do("dup", fmt.Sprint(from+i), unix.SYS_DUP3, born.Int(from+i), born.Int(firstPassed+i), born.Int(0))
	}
}

// defaultSignals sets every signal to its default disposition, and blocks none. execve(2) resets caught signals, but
// keeps ignored ones ignored.
func (s *Stage) defaultSignals() {
	const last, set = 64, 2 // _NSIG, SIG_SETMASK
	for sig := 1; sig <= last; sig++ {
		if sig != int(unix.SIGKILL) && sig != int(unix.SIGSTOP) { // nobody can change those
			s.do("sigaction", "", unix.SYS_RT_SIGACTION, born.Int(sig), born.Bytes(make([]byte, 32)), born.Int(0), born.Int(last/8))
		}
	}
	s.do("sigprocmask", "", unix.SYS_RT_SIGPROCMASK, born.Int(set), born.Bytes(make([]byte, 8)), born.Int(0), born.Int(last/8))
}

// whyNotExecuted returns the error of an execve(2) that failed.
func (s *Stage) whyNotExecuted(f *born.Failure) error {
	err := error(f.Errno)
	if errors.Is(err, unix.ENOENT) {
		if there, oerr := s.inside().Open(s.Plan.Init.Path, unix.O_PATH); oerr == nil {
			_ = there.Close()
			err = fmt.Errorf("its interpreter (first line, after #!) or its loader is missing: %w", err)
		}
	}
	return &os.PathError{Op: "execute", Path: f.Object, Err: s.deniedLabel(err)}
}

// absolute returns the absolute path of init. A relative one begins at the root, as in libvirt.
func absolute(p string) string { return path.Clean("/" + p) }
