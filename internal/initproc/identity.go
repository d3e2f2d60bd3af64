package initproc

import (
	"errors"
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/account"
	"github.com/berthd/berth/internal/linux/caps"
	"github.com/berthd/berth/internal/linux/keyring"
	"github.com/berthd/berth/internal/linux/seccomp"
	"github.com/berthd/berth/internal/plan"
)

// credentials are the ids that init runs with.
type credentials struct {
	uid, gid int
	groups   []int
}

// identity sets the host name, brings the loopback interface up and looks the user up in the
// container's own files.
func (s *stage) identity() error {
	if s.plan.Hostname != "" && s.plan.Namespaces.UTS {
		if err := unix.Sethostname([]byte(s.plan.Hostname)); err != nil {
			return fmt.Errorf("set host name %s: %w", s.plan.Hostname, err)
		}
	}
	if s.plan.LoopbackUp {
		if err := loopbackUp(); err != nil {
			return err
		}
	}
	return s.lookUpUser()
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("lo: %w", err)
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	return nil
}

func (s *stage) lookUpUser() error {
	i := s.plan.Init
	if i.User == "" && i.Group == "" {
		return nil
	}
	found, err := account.LookUp(s.root, i.User, i.Group)
	if unknown, ok := errors.AsType[*account.Unknown](err); ok {
		return fmt.Errorf("init%w", unknown) // inituser or initgroup
	}
	if err != nil {
		return err
	}
	s.user = credentials{uid: found.UID, gid: found.GID, groups: found.Groups}
	if !s.plan.Namespaces.User {
		return nil
	}
	if !mapped(s.plan.UIDs, found.UID) {
		return fmt.Errorf("inituser %.60q is user %d, which the container's idmap does not have", i.User, found.UID)
	}
	for _, gid := range append([]int{found.GID}, found.Groups...) {
		if !mapped(s.plan.GIDs, gid) {
			return fmt.Errorf("inituser %.60q, initgroup %.60q has group %d, which the container's idmap does not have", i.User, i.Group, gid)
		}
	}
	return nil
}

// mapped reports whether an id in the container belongs to one of the ranges. A process cannot have
// any other id.
func mapped(ranges []plan.IDRange, id int) bool {
	for _, r := range ranges {
		if start := int(r.Inside); id >= start && id-start < int(r.Count) {
			return true
		}
	}
	return false
}

// findInit returns an error if init is missing or cannot be executed. execve(2) would fail too, but
// later and with a worse message.
func (s *stage) findInit() error {
	f, err := s.root.Open(s.plan.Init.Path, unix.O_PATH)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return &os.PathError{Op: "stat", Path: s.plan.Init.Path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Mode&0o111 == 0 {
		return &os.PathError{Op: "execute", Path: s.plan.Init.Path, Err: unix.EACCES}
	}
	return nil
}

// session makes the process a session leader, with the first console as its controlling terminal and
// its standard descriptors. It also enters init's working directory.
func (s *stage) session() error {
	if _, err := unix.Setsid(); err != nil {
		return fmt.Errorf("setsid: %w", err)
	}
	tty := int(s.stdio.Fd())
	if err := unix.IoctlSetInt(tty, unix.TIOCSCTTY, 0); err != nil {
		return fmt.Errorf("controlling terminal: %w", err)
	}
	if err := unix.Fchown(tty, s.user.uid, -1); err != nil {
		return fmt.Errorf("chown console: %w", err)
	}
	for fd := range 3 {
		if err := unix.Dup3(tty, fd, 0); err != nil {
			return fmt.Errorf("dup console: %w", err)
		}
	}
	_ = s.stdio.Close()
	dir, err := s.root.Open(s.plan.Init.Dir, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := unix.Fchdir(int(dir.Fd())); err != nil {
		return &os.PathError{Op: "chdir", Path: s.plan.Init.Dir, Err: err}
	}
	unix.Umask(0o022)
	// Before the filter, which can deny keyctl(2). The root of the container is charged for it.
	return keyring.Join()
}

// drop takes on init's ids and drops all capabilities but init's. The bounding set comes first, because
// it needs CAP_SETPCAP. The other sets come last, because changing ids needs CAP_SETUID and CAP_SETGID.
func (s *stage) drop() error {
	if err := caps.DropBounding(s.plan.Caps.Keep); err != nil {
		return err
	}
	if err := caps.Become(s.user.uid, s.user.gid, s.user.groups); err != nil {
		return err
	}
	return caps.Set(s.plan.Caps.Keep, s.plan.Caps.Inherit)
}

// filter installs the seccomp filter, if the plan has one.
func (s *stage) filter() error {
	if len(s.plan.Deny) == 0 {
		return nil
	}
	f, err := seccomp.Filter(s.plan.Deny)
	if err != nil {
		return err
	}
	return seccomp.Install(f)
}

// restrict sets no_new_privs, which a process can never unset, and the personality.
func (s *stage) restrict() error {
	if s.plan.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("prctl PR_SET_NO_NEW_PRIVS: %w", err)
		}
	}
	if s.plan.Linux32 {
		const perLinux32 = 0x0008 // sys/personality.h
		if _, _, errno := unix.Syscall(unix.SYS_PERSONALITY, perLinux32, 0, 0); errno != 0 {
			return fmt.Errorf("personality PER_LINUX32: %w", errno)
		}
	}
	return nil
}

// absolute returns the absolute path of init. A relative one begins at the root, as in libvirt.
func absolute(p string) string { return path.Clean("/" + p) }
